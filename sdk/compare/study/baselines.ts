/** What stands beside every arm, asked for or not: a model that does not beat it is shown so. */
import type { Arm, Reading, Task } from "../study-types.ts";
import { canDo } from "./can-do.ts";
import { type RecordedExposure, recordExposure } from "./heard-in-training.ts";

/** An arm of a study that runs. */
export interface StudyArm extends Omit<Arm, "exposure"> {
  readonly exposure?: RecordedExposure | undefined;
  /** `mel statistics`, `random weights`; null for an arm that was asked about. */
  readonly baseline: string | null;
  /** The arm that it is the untrained twin of; null for others. */
  readonly twinOf: string | null;
}

/** What an arm is a baseline by, in results. */
export const MEL_STATISTICS_BASELINE = "mel statistics";
const MEL_STATISTICS = ["fbank", "mfcc-20"];
/** Of an untrained twin's answer. */
const TWIN_TOKENS = 16;

/** Adds the mel statistics, and a twin with random weights for each way in which a trained model is read. */
export function withBaselines(arms: readonly Arm[], tasks: readonly Task[]): StudyArm[] {
  const asked = arms.map((arm) => ({
    ...arm,
    exposure: arm.exposure && recordExposure(arm.exposure),
    baseline: baselineOf(arm),
    twinOf: null,
  }));
  const added: StudyArm[] = [];
  const add = (arm: StudyArm): void => {
    const is = (other: StudyArm): boolean => formOf(other) === formOf(arm);
    if (tasks.some((task) => canDo(arm, task)) && ![...asked, ...added].some(is)) added.push(arm);
  };
  for (const model of MEL_STATISTICS) {
    // Somebody's arm of that name may be read in another way.
    const id = asked.some((arm) => arm.id === model) ? `${model}-baseline` : model;
    const exposure = { kind: "none", source: "nothing is learnt" } as const;
    const reads = { by: "features" } as const;
    add({ id, model, reads, exposure, baseline: MEL_STATISTICS_BASELINE, twinOf: null });
  }
  for (const arm of asked) {
    if (arm.baseline !== null) continue;
    const exposure = { kind: "none", source: "random weights" } as const;
    const baseline = "random weights";
    // Of a model that is read by its words, too: what a candidate's length or a lucky word earns is seen there.
    const id = `${arm.id}-random`;
    const reads = readTwin(arm.reads);
    add({ ...arm, id, weights: "random", reads, exposure, baseline, twinOf: arm.id });
  }
  return [...asked, ...added];
}

/** A twin seldom finds an end to its words, and later ones mean no more than the first. */
function readTwin(reads: Reading): Reading {
  if (reads.by !== "text" && reads.by !== "answers") return reads;
  return { ...reads, maxNewTokens: Math.min(reads.maxNewTokens ?? TWIN_TOKENS, TWIN_TOKENS) };
}

function baselineOf({ model, weights }: Arm): string | null {
  if (MEL_STATISTICS.includes(model)) return MEL_STATISTICS_BASELINE;
  return weights === "random" ? "random weights" : null;
}

/** Arms of one form would give the same outcomes. */
function formOf({ model, weights = "trained", reads }: StudyArm): string {
  return JSON.stringify([model, weights, reads]);
}
