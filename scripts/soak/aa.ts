/** Is a model the same as itself: in quality to the bit, and in cost as far as this machine can tell? */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSamples } from "../../datasets/samples.ts";
import { type Json, readRun, runStudy, type Study } from "../../sdk/compare/index.ts";
import type { HeardNote } from "../../sdk/compare/study/hear-all.ts";
import type { RecordRow } from "../../sdk/index.ts";
import type { PartOutcome } from "./bridge-faults.ts";

const MODEL = "wav2vec2-tiny";
const CLASSES = ["dog", "cat", "bird", "rain"];
/** Two chunks of 16. */
const CLIPS_EACH = 8;
/** A false word at 5 % in each of 20 runs: 4 or more have a chance of .016. */
const MOST_FALSE = 3;
const MOST_OVERHEAD = 0.03;

/** One study: both arms are the same model, read in the same way. */
async function makeStudy(): Promise<Study> {
  const samples = await openSamples();
  const rows = CLASSES.flatMap((name) =>
    samples.rows.filter(({ labels }) => labels.class === name).slice(0, CLIPS_EACH),
  );
  return {
    name: "aa",
    question: `Is ${MODEL} other than ${MODEL}?`,
    data: { ...samples, rows },
    arms: ["one", "other"].map((id) => ({ id, model: MODEL, reads: { by: "features" } })),
    tasks: [{ kind: "linear" }, { kind: "retrieval" }],
    primary: [{ a: "one", b: "other", task: "linear", metric: "accuracy", claim: "superior" }],
    cost: { blocks: 2, clipsPerSlot: 2 },
  };
}

/** Every per-clip row of the two arms, without its arm. */
function qualityOf(rows: Readonly<Record<string, readonly Json[]>>, arm: string): string {
  const own = Object.entries(rows)
    .filter(([path]) => path.endsWith(`/${arm}.jsonl`) || path.endsWith(`.${arm}.jsonl`))
    .map(([path, each]) => [path.replace(arm, ""), each]);
  return JSON.stringify(own).replaceAll(`"arm":"${arm}"`, "");
}

async function runOnce(study: Study, first: string | undefined) {
  const out = await mkdtemp(join(tmpdir(), "aa-"));
  try {
    const began = performance.now();
    const { folder, results } = await runStudy(study, { out });
    const seconds = (performance.now() - began) / 1000;
    const { rows, journal } = await readRun(folder);
    const quality = ["one", "other"].map((arm) => qualityOf(rows, arm));
    const heard = journal.filter(({ kind }) => kind === "heard") as unknown as HeardNote[];
    return {
      quality: quality[0] ?? "",
      isIdentical: quality.every((each) => each === (first ?? quality[0])),
      said: (results.cost ?? []).filter(({ word }) => word !== "undecided"),
      cost: results.cost ?? [],
      voids: results.costRun?.voids.length ?? 0,
      wall: heard.reduce((sum, { wallSeconds }) => sum + wallSeconds, 0),
      model: heard.reduce((sum, { modelSeconds }) => sum + modelSeconds, 0),
      seconds,
    };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** As many studies, each in processes of its own. */
export async function aaRuns(runs: number): Promise<PartOutcome> {
  const study = await makeStudy();
  const rows: RecordRow[] = [];
  let [first, different, spoke, wall, model]: [string | undefined, ...number[]] = [
    undefined,
    0,
    0,
    0,
    0,
  ];
  for (let run = 1; run <= runs; run += 1) {
    const found = await runOnce(study, first);
    first ??= found.quality;
    different += found.isIdentical ? 0 : 1;
    spoke += found.said.length > 0 ? 1 : 0;
    wall += found.wall;
    model += found.model;
    for (const { metric, ratio, pAdjusted, floor, word } of found.cost) {
      rows.push({ run, metric, ratio, pAdjusted, floor, word });
    }
    const { isIdentical, voids, seconds } = found;
    rows.push({ run, isIdentical, voids, seconds });
    console.log(`run ${run} of ${runs}: ${seconds.toFixed(0)} s, ${found.said.length} false words`);
  }
  return {
    rows,
    targets: [
      { name: "runs with another outcome", value: different, goal: 0, better: "lower" },
      {
        name: `of ${runs} runs, those with a false word on cost`,
        value: spoke,
        goal: MOST_FALSE,
        better: "lower",
      },
      {
        name: "hearing beside the models' own time, share of it",
        value: (wall - model) / model,
        goal: MOST_OVERHEAD,
        better: "lower",
      },
    ],
  };
}
