/** Is a model the same as itself: in quality to the bit, in cost as far as this machine can tell? What does asking add? */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSamples } from "../../datasets/samples.ts";
import {
  type Json,
  type RunStudyOptions,
  readRun,
  runStudy,
  type SavedRun,
  type Study,
  type StudyResults,
} from "../../sdk/compare/index.ts";
import type { HeardNote } from "../../sdk/compare/study/hear-all.ts";
import type { RecordRow, Target } from "../../sdk/index.ts";
import type { PartOutcome } from "./bridge-faults.ts";

const MODEL = "wav2vec2-tiny";
const ARMS = ["one", "other"] as const;
const CLASSES = ["dog", "cat", "bird", "rain"];
/** 16 clips: one chunk. */
const SOURCES_EACH = 4;
/** A false word in each of 20 runs with probability .05: 4 or more have a chance of .016. */
const MOST_FALSE = 3;
const MOST_OVERHEAD = 0.03;

/** Both arms are the same model, read in the same way. */
async function makeStudy(): Promise<Study> {
  const samples = await openSamples();
  const rows = CLASSES.flatMap((name) => {
    const ofClass = samples.rows.filter(({ labels }) => labels.class === name);
    const bySource = new Map(ofClass.map((row) => [row.clusterId, row]));
    return [...bySource.values()].slice(0, SOURCES_EACH);
  });
  return {
    name: "aa",
    question: `Is ${MODEL} other than ${MODEL}?`,
    data: { ...samples, rows },
    arms: ARMS.map((id) => ({ id, model: MODEL, reads: { by: "features" } })),
    tasks: [{ kind: "linear" }, { kind: "retrieval" }],
    primary: [{ a: "one", b: "other", task: "linear", metric: "accuracy", claim: "superior" }],
    cost: { blocks: 2, clipsPerSlot: 2 },
  };
}

/** Runs a study in a folder that is removed afterwards. */
async function runOnce(study: Study, options: RunStudyOptions = {}) {
  const out = await mkdtemp(join(tmpdir(), "aa-"));
  try {
    const began = performance.now();
    const { folder, results } = await runStudy(study, { ...options, out, cache: false }); // what is compared is computed
    const seconds = (performance.now() - began) / 1000;
    return { saved: await readRun(folder), results, seconds };
  } finally {
    await rm(out, { recursive: true, force: true });
  }
}

/** Every per-clip row of an arm, without its name. */
function qualityOf({ rows }: SavedRun, arm: string): string {
  const nameless = (row: Json): Json => ({ ...(row as object), arm: "" });
  const own = Object.entries(rows)
    .filter(([path]) => path.endsWith(`/${arm}.jsonl`) || path.endsWith(`.${arm}.jsonl`))
    .map(([path, each]) => [path.replace(arm, ""), each.map(nameless)]);
  return JSON.stringify(own);
}

const falseWords = ({ cost }: StudyResults): number =>
  (cost ?? []).filter(({ word }) => word !== "undecided").length;

/** As many studies, each in processes of its own, and one that is larger. */
export async function aaRuns(runs: number): Promise<PartOutcome> {
  const study = await makeStudy();
  const rows: RecordRow[] = [];
  const outcomes = new Set<string>();
  let spoke = 0;
  for (let run = 1; run <= runs; run += 1) {
    const { saved, results, seconds } = await runOnce(study);
    for (const arm of ARMS) outcomes.add(qualityOf(saved, arm));
    const words = falseWords(results);
    spoke += Math.min(words, 1);
    for (const { metric, ratio, pAdjusted, floor, word } of results.cost ?? []) {
      rows.push({ run, metric, ratio, pAdjusted, floor, word });
    }
    const { load, voids } = results.costRun ?? {};
    rows.push({ run, seconds, voids: voids?.length ?? 0, mostLoad: load?.most ?? null });
    console.log(`run ${run} of ${runs}: ${seconds.toFixed(0)} s, false words: ${words}`);
  }
  const overhead = await measureOverhead();
  return {
    rows: [...rows, overhead.row],
    targets: [
      { name: "outcomes of one model", value: outcomes.size, goal: 1, better: "lower" },
      { name: "runs with a false word", value: spoke, goal: MOST_FALSE, better: "lower" },
      overhead.target,
    ],
  };
}

/** What hearing all shipped clips takes beside the work of the models. */
async function measureOverhead(): Promise<{ row: RecordRow; target: Target }> {
  const models = ["gama-tiny", "wav2vec2-tiny"];
  const { saved, seconds } = await runOnce({
    name: "overhead",
    question: "What does asking add to hearing?",
    data: await openSamples(),
    arms: models.map((model) => ({ id: model, model, reads: { by: "features" } })),
    tasks: [{ kind: "knn" }],
    primary: [],
  });
  const notes = saved.journal.filter(({ kind }) => kind === "heard") as unknown as HeardNote[];
  const sum = (name: keyof HeardNote): number => notes.reduce((all, note) => all + note[name], 0);
  const [wallSeconds, modelSeconds] = [sum("wallSeconds"), sum("modelSeconds")];
  const value = (wallSeconds - modelSeconds) / modelSeconds;
  return {
    row: { study: "overhead", seconds, chunks: sum("chunks"), wallSeconds, modelSeconds },
    target: {
      name: "hearing beside the models' own time, share of it",
      value,
      goal: MOST_OVERHEAD,
      better: "lower",
    },
  };
}
