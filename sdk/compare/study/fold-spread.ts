/** The declared differences under other draws of the folds: how much of a verdict is which folds were drawn. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import { judge } from "../judge.ts";
import type { FoldSpread } from "../results-types.ts";
import type { Outcome, PrimaryClaim, Task } from "../study-types.ts";
import { comparePairs } from "./comparisons.ts";
import { findOutcomes, readAnswers, type TaskWork, toOutcomes } from "./run-tasks.ts";
import type { StoredStudy } from "./stored-study.ts";
import { streamSeed } from "./stream-seed.ts";
import { clipsOf } from "./task-clips.ts";
import type { UsedClip } from "./used-clips.ts";

/** An outcome under another draw: a row of `spread/<task>.<arm>.jsonl`. */
export interface SpreadOutcome extends Outcome {
  /** From 1. */
  readonly draw: number;
  /** Of the folds. */
  readonly foldSeed: number;
}

/** File with the outcomes of an arm in a task under other draws. */
export const spreadOf = (task: Task["kind"], arm: string): string => `spread/${task}.${arm}.jsonl`;

const SPREAD: readonly Task["kind"][] = ["linear", "mlp", "knn"];

/** Probes the arms of the declared claims again, where folds are drawn; goes on behind what is there. */
export async function runFoldSpread(
  run: RunDirectory,
  work: TaskWork,
  primary: readonly PrimaryClaim[],
  draws: number,
  call: CallOptions,
): Promise<void> {
  const { plan, tasks, arms, seed } = work;
  if (plan.kind !== "drawn") return;
  const claimed = new Set(primary.flatMap(({ task, a, b }) => [`${task} ${a}`, `${task} ${b}`]));
  const steps = tasks
    .filter((task) => SPREAD.includes(task.kind) && canBeDrawnAnew(plan.folds, task, work.clips))
    .flatMap((task) => arms.map((arm) => ({ task, arm })))
    .filter(({ task, arm }) => claimed.has(`${task.kind} ${arm.id}`))
    .flatMap((step) => Array.from({ length: draws }, (_, at) => ({ ...step, draw: at + 1 })))
    .map((step) => ({ ...step, name: `spread ${step.task.kind} ${step.arm.id} ${step.draw}` }))
    .filter(({ name }) => !run.chunks.has(name));
  const { length: total } = steps;
  for (const [done, { task, arm, draw, name }] of steps.entries()) {
    call.signal?.throwIfAborted();
    call.onProgress?.({ stage: "other folds", done, total, unit: "probes", message: name });
    const foldSeed = streamSeed(seed, `folds ${draw}`);
    const clips = clipsOf(task, work.clips);
    const answers = await readAnswers(run, arm.id);
    const drawn = { ...work, plan: { ...plan, seed: foldSeed } };
    const found = await findOutcomes(run, drawn, { task, arm, clips }, answers, call);
    const rows = toOutcomes({ task, arm, clips }, found, answers).map(
      (outcome): SpreadOutcome => ({ ...outcome, draw, foldSeed }),
    );
    await run.appendChunk(name, { [spreadOf(task.kind, arm.id)]: rows });
  }
  if (total > 0)
    call.onProgress?.({ stage: "other folds", done: total, total, unit: "probes", message: "" });
}

/** Whether there are other folds to draw: where each source is one, every draw is the same. */
export function canBeDrawnAnew(folds: number, task: Task, clips: readonly UsedClip[]): boolean {
  return new Set(clipsOf(task, clips).map(({ clusterId }) => clusterId)).size > folds;
}

/** The differences that the stored rows give. Intervals and p-values of these draws mean nothing more. */
export async function readFoldSpread(
  study: StoredStudy,
  bridge: GAMABridge,
  { signal }: CallOptions,
): Promise<FoldSpread[]> {
  const spreads: FoldSpread[] = [];
  for (const { a, b, task: kind, metric } of study.design.primary) {
    const task = study.design.tasks.find((each) => each.kind === kind);
    const ofA = Map.groupBy(study.spread(kind, a), ({ draw }) => draw);
    const ofB = Map.groupBy(study.spread(kind, b), ({ draw }) => draw);
    if (task === undefined || ofA.size === 0) continue;
    const draws = [...ofA];
    const comparisons = draws.map(([draw, rows]) =>
      comparePairs(task, metric, a, b, rows, ofB.get(draw) ?? []),
    );
    const { verdicts } = await judge(comparisons, {
      bridge,
      signal,
      permutations: 1,
      resamples: 1,
    });
    const others = verdicts.map(({ difference, scoreA, scoreB }, at) => {
      return { seed: draws[at]?.[1][0]?.foldSeed ?? 0, difference, scoreA, scoreB };
    });
    spreads.push({ a, b, task: kind, metric, others });
  }
  return spreads;
}
