/**
 * How many clips a second become features, and does it matter who stands beside them?
 *
 * A set of files of 0.5 to 30 s, half of them at 44.1 kHz, from the file to one row of numbers, decoding
 * and resampling included; each way in a process of its own, the ways in turn:
 * - ours: one `extractFeatures` of all files;
 * - loop: one clip after another, as the seed does;
 * - padded: the bare model on batches of 16, padded to the longest;
 * - pipeline, pipeline-batched: transformers' audio classification, with a random head (wav2vec2 only).
 *
 * The models: gama-tiny, wav2vec2-tiny (both by their default layer), and a wav2vec2 of the base size with
 * random weights (by its last layer; fewer clips and passes: a pass over all takes minutes). `difference` is
 * the largest one of any number of a clip from what the same way gives for that clip alone (padded: from the
 * loop), `from_loop` from the numbers of the loop.
 *
 * `npm run bench -- extraction [--n ROUNDS] [--clips CLIPS] [--quick] [--note TEXT]`; a quick run shows that
 * the benchmark works, and its record is not kept.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, GAMABridge, type Target, writeRecord } from "grym-synth";
import { type Measured, measureModel, type Subject } from "./extraction/measure.ts";
import { Peer } from "./extraction/peer.ts";

const PROMISED_DIFFERENCE = 1e-5;
/** At most so many for the encoder of base size. */
const BASE_CLIPS = 24;
const BASE_ROUNDS = 3;

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "5" },
    clips: { type: "string", default: "64" },
    quick: { type: "boolean", default: false },
    note: { type: "string", multiple: true },
  },
});
const rounds = values.quick ? 1 : Number(values.n);
const clips = values.quick ? 4 : Number(values.clips);
for (const [name, value] of Object.entries({ n: rounds, clips })) {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`--${name} has to be a whole number >= 1, got ${value}`);
  }
}

const scratch = mkdtempSync(join(tmpdir(), "extraction-"));
await using bridge = new GAMABridge();
try {
  const folder = join(scratch, "clips");
  const encoder = join(scratch, values.quick ? "random-small" : "random-base");
  mkdirSync(folder);
  await using maker = new Peer();
  const seconds = await maker.ask<number>("make_set", { folder, clips });
  await maker.ask("make_encoder", { folder: encoder, small: values.quick });
  const paths = readdirSync(folder).map((name) => join(folder, name));
  const shipped = join(import.meta.dirname, "..", "python", "weights", "wav2vec2-tiny");
  const subjects: readonly Subject[] = [
    { name: "gama-tiny", model: "gama-tiny", last: false, loopGoal: 2, clips, rounds },
    { name: "wav2vec2-tiny", model: shipped, last: false, loopGoal: 2, clips, rounds },
    {
      name: "wav2vec2 of base size",
      model: encoder,
      last: true,
      loopGoal: 1,
      clips: Math.min(BASE_CLIPS, clips),
      rounds: Math.min(BASE_ROUNDS, rounds),
    },
  ];
  const measured: Measured[] = [];
  for (const subject of subjects) {
    const together = values.quick ? maker : undefined;
    measured.push(await measureModel(subject, paths, bridge, together));
  }
  const targets = measured.flatMap((found): Target[] => [
    {
      name: `${found.name}: clips/s, ours / loop`,
      value: found.rate("ours") / found.rate("loop"),
      goal: found.loopGoal,
      better: "higher",
    },
    {
      name: `${found.name}: clips/s, ours / padded`,
      value: found.rate("ours") / found.rate("padded"),
      goal: 1.3,
      better: "higher",
    },
    {
      name: `${found.name}: difference of ours`,
      value: found.difference("ours"),
      goal: PROMISED_DIFFERENCE,
      better: "lower",
    },
  ]);
  const record = await writeRecord(
    "extraction",
    {
      question:
        "How many clips a second become features, and does it matter who stands beside them?",
      rows: measured.flatMap(({ rows }) => rows),
      targets,
      notes: [
        `${clips} clips of 0.5 to 30 s, the logarithm of their length uniform, ${seconds.toFixed(0)} s in all (the base size: the first ${Math.min(BASE_CLIPS, clips)}); medians of interleaved passes, each way in a process of its own with torch's own number of threads and, but for ours, the waiting of OpenMP as the environment has it.`,
        "Peak memory is that of the process while it works, with everything that it has imported; padding is the share of frames that stand for no sound. gama-tiny pads each clip to its window, alone or not; our forward of wav2vec2 pads nothing.",
        "The pipeline computes all layers and a head; its difference is that of logits.",
        ...(values.note ?? []),
      ],
    },
    { bridge, folder: values.quick ? scratch : undefined },
  );
  console.log(formatRecord(record));
  const wrong = measured.filter((found) => !(found.difference("ours") <= PROMISED_DIFFERENCE));
  if (wrong.length > 0) {
    console.error(`ours differs from single clips: ${wrong.map(({ name }) => name).join(", ")}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
