/** What a clip adds to a metric that is a mean over clips. */
import type { Outcome, Task } from "../study-types.ts";

export function clipValue(
  metric: string,
  { score, detail }: Pick<Outcome, "score" | "detail">,
): number {
  return metric === "accuracy" ? score : (detail?.scores?.[metric] ?? 0);
}

/** Whether the metric is the mean of numbers that clips have. */
export function isMean({ kind }: Task, metric: string): boolean {
  return metric === "accuracy" || kind === "retrieval" || kind === "questions";
}

/** Whether these numbers are 0 and 1, in a task without training. */
export function isRightOrWrong(task: Task, metric: string): boolean {
  if (task.kind !== "questions") return true;
  return metric !== "accuracy" || Object.keys(task.questions).length === 1;
}

/** Outcomes that a metric is about: of a question, those of the clips that were asked it. */
export function outcomesFor(
  { kind }: Task,
  metric: string,
  outcomes: readonly Outcome[],
): readonly Outcome[] {
  if (kind !== "questions" || metric === "accuracy") return outcomes;
  return outcomes.filter(({ detail }) => detail?.scores?.[metric] !== undefined);
}
