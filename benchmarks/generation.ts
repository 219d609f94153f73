/**
 * What does asking gama-tiny cost, and what is saved by keeping what it has heard?
 *
 * Three questions, each about 5-s clips, wall time of whole calls, the ways of a question in turn:
 * - follow-up: a short question about a clip that is kept from an earlier one, against the same
 *   question where the clip is encoded again (`cache: false`);
 * - labels: one `score` of 50 labels, against 50 answers (one call each, about the kept clip, and all
 *   in one `describe`);
 * - description: the model's own request for a caption, the clip never heard before.
 * Both ways of the follow-up must give the same answers, or the run fails.
 *
 * `npm run bench -- generation [--n ROUNDS] [--quick] [--note TEXT]`; a quick run shows that the
 * benchmark works, and its record is not kept.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, GAMABridge, GAMAService, type RecordRow, writeRecord } from "grym-synth";

const SECONDS = 5;
const SAMPLE_RATE = 16_000;
const LABELS = 50;
const QUESTION = "What is the main sound?";
const SYLLABLES = ["pi", "gui", "tu", "sa", "ce", "ba", "ru"];
const ENDINGS = ["ano", "tar", "ba", "xo", "llo", "ss", "in", "er"];

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "31" },
    quick: { type: "boolean", default: false },
    note: { type: "string", multiple: true },
  },
});
const count = values.quick ? 1 : Number(values.n);
const warmUp = values.quick ? 1 : 3;
if (!Number.isInteger(count) || count < 1) {
  throw new Error(`--n has to be a whole number >= 1, got ${values.n}`);
}

/** Two tones with a falling envelope and a little seeded noise: another sound for each number. */
function makeClip(number: number): { samples: Float32Array; sampleRate: number } {
  let state = number + 1;
  const samples = Float32Array.from({ length: SECONDS * SAMPLE_RATE }, (_, index) => {
    state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647; // Park and Miller, CACM 31 (1988)
    const time = index / SAMPLE_RATE;
    const hertz = 110 * 2 ** ((number % 36) / 12);
    const tones = Math.sin(2 * Math.PI * hertz * time) + Math.sin(3 * Math.PI * hertz * time);
    return (tones / 4) * Math.exp(-time) + (state / 2_147_483_647 - 0.5) * 0.01;
  });
  return { samples, sampleRate: SAMPLE_RATE };
}

/** Words of a few tokens each, like names of instruments, and all different. */
const labels = Array.from(
  { length: LABELS },
  (_, index) =>
    `${SYLLABLES[index % SYLLABLES.length]}${ENDINGS[Math.floor(index / SYLLABLES.length)]}`,
);

await using bridge = new GAMABridge();
await using gama = new GAMAService({ bridge, model: "gama-tiny" });
let heard = 0;
/** A clip that the model has not heard. */
const newClip = (): ReturnType<typeof makeClip> => makeClip(heard++);
const kept = newClip();
let disagreements = 0;

async function followUp(cache: boolean): Promise<string> {
  const { text, cached } = await gama.processAudio(kept, { prompt: QUESTION, cache });
  if (cached !== cache) throw new Error(`the clip was ${cached ? "" : "not "}kept`);
  return text;
}

async function answersOneByOne(): Promise<void> {
  for (let index = 0; index < LABELS; index += 1) {
    await gama.processAudio(kept, { prompt: QUESTION });
  }
}

/** The ways, and which question each belongs to. */
const ways = {
  "follow-up, kept": () => followUp(true),
  "follow-up, encoded again": () => followUp(false),
  "50 labels, one score": () => gama.score(kept, labels, { prompt: QUESTION }),
  "50 answers, a call each": answersOneByOne,
  "50 answers, one describe": () =>
    gama.describe(Array.from({ length: LABELS }, () => ({ audio: kept, prompt: QUESTION }))),
  description: () => gama.processAudio(newClip()),
} satisfies Record<string, () => Promise<unknown>>;
type Way = keyof typeof ways;
const names = Object.keys(ways) as Way[]; // the keys of a literal

const times = new Map<Way, number[]>(names.map((name) => [name, []]));
await gama.processAudio(kept);
for (let round = -warmUp; round < count; round += 1) {
  // Interleaved, each way first in turn: what else the machine does meets all alike.
  const results = new Map<Way, unknown>();
  for (const [index] of names.entries()) {
    const way = names[(index + Math.abs(round)) % names.length] ?? "description";
    const start = performance.now();
    results.set(way, await ways[way]());
    if (round >= 0) times.get(way)?.push(performance.now() - start);
  }
  if (results.get("follow-up, kept") !== results.get("follow-up, encoded again"))
    disagreements += 1;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

const medianOf = (way: Way): number => median(times.get(way) ?? []);
const rows = names.map((way): RecordRow => {
  const measured = times.get(way) ?? [];
  return {
    way,
    rounds: measured.length,
    wall_ms: median(measured),
    wall_min_ms: Math.min(...measured),
    wall_max_ms: Math.max(...measured),
  };
});
const { tokens } = await gama.processAudio(kept, { prompt: QUESTION });
const described = await gama.processAudio(kept);

const record = await writeRecord(
  "generation",
  {
    question: "What does asking gama-tiny cost, and what is saved by keeping what it has heard?",
    rows,
    targets: [
      {
        name: "follow-up question, encoded again / kept",
        value: medianOf("follow-up, encoded again") / medianOf("follow-up, kept"),
        goal: 3,
        better: "higher",
      },
      {
        name: "50 answers, a call each / 50 labels, one score",
        value: medianOf("50 answers, a call each") / medianOf("50 labels, one score"),
        goal: 10,
        better: "higher",
      },
      {
        name: "description of a 5-s clip, s",
        value: medianOf("description") / 1000,
        goal: 0.5,
        better: "lower",
      },
      {
        name: "answers that differ with what is kept",
        value: disagreements,
        goal: 0,
        better: "lower",
      },
    ],
    notes: [
      `gama-tiny, greedy, clips of ${SECONDS} s; medians of interleaved rounds. "${QUESTION}" is answered with ${tokens} tokens, the description has ${described.tokens}: an answer of more tokens saves less by a kept clip.`,
      ...(values.note ?? []),
    ],
  },
  { bridge, folder: values.quick ? mkdtempSync(join(tmpdir(), "generation-")) : undefined },
);
console.log(formatRecord(record));
if (disagreements > 0) {
  console.error(`${disagreements} answers differ from those without what is kept`);
  process.exitCode = 1;
}
