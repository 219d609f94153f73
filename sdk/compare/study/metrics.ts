import type { Task } from "../study-types.ts";

/** How deep a search is looked at, where a task does not say. */
export const RECALL_AT: readonly number[] = [1, 5, 10];

/** What can be claimed of a task; the first is judged always, the others where they are claimed. */
export function metricsOf(task: Task): readonly string[] {
  switch (task.kind) {
    case "few-shot":
      return ["accuracy"];
    case "retrieval":
      return ["mAP", ...(task.ks ?? RECALL_AT).map((k) => `recall@${k}`)];
    case "clustering":
      return ["V-measure", "AMI", "ARI"];
    case "tags":
      return ["mAP"];
    case "questions":
      return ["accuracy", ...Object.keys(task.questions)];
    default:
      return ["accuracy", "macro-F1"];
  }
}
