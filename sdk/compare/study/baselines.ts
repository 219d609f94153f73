/** What stands beside every arm, asked for or not: a model that does not beat it is shown so. */
import type { Arm, Task } from "../study-types.ts";
import { canDo } from "./can-do.ts";

/** An arm of a study that runs. */
export interface StudyArm extends Arm {
  /** `mel statistics`, `random weights`; null for an arm that was asked about. */
  readonly baseline: string | null;
}

/** What an arm is a baseline by, in results. */
export const MEL_STATISTICS_BASELINE = "mel statistics";
const MEL_STATISTICS = ["fbank", "mfcc-20"];

/** Adds the mel statistics, and a twin with random weights for each trained model that a task reads. */
export function withBaselines(arms: readonly Arm[], tasks: readonly Task[]): StudyArm[] {
  const asked = arms.map((arm) => ({ ...arm, baseline: baselineOf(arm) }));
  const added: StudyArm[] = [];
  const add = (arm: StudyArm): void => {
    const is = (other: Arm): boolean => formOf(other) === formOf(arm);
    if (tasks.some((task) => canDo(arm, task)) && ![...asked, ...added].some(is)) added.push(arm);
  };
  for (const model of MEL_STATISTICS) {
    // Somebody's arm of that name may be read in another way.
    const id = asked.some((arm) => arm.id === model) ? `${model}-baseline` : model;
    const exposure = { kind: "none", source: "nothing is learnt" } as const;
    add({ id, model, reads: { by: "features" }, exposure, baseline: MEL_STATISTICS_BASELINE });
  }
  for (const arm of asked) {
    // A language model of random weights answers nothing that could be mapped: its features are the control.
    if (arm.baseline !== null || arm.reads.by !== "features") continue;
    const exposure = { kind: "none", source: "random weights" } as const;
    const baseline = "random weights";
    add({ ...arm, id: `${arm.id}-random`, weights: "random", exposure, baseline });
  }
  return [...asked, ...added];
}

function baselineOf({ model, weights }: Arm): string | null {
  if (MEL_STATISTICS.includes(model)) return MEL_STATISTICS_BASELINE;
  return weights === "random" ? "random weights" : null;
}

/** Arms of one form would give the same outcomes. */
function formOf({ model, weights = "trained", reads }: Arm): string {
  return JSON.stringify([model, weights, reads]);
}
