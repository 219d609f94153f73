import type { Arm, Task } from "../study-types.ts";

/** Whether the arm's answers are of the kind that the task reads. */
export function canDo({ reads }: Pick<Arm, "reads">, { kind }: Task): boolean {
  if (kind === "questions" || reads.by === "answers") {
    return kind === "questions" && reads.by === "answers";
  }
  if (kind === "zero-shot" || reads.by !== "features") {
    return kind === "zero-shot" && reads.by !== "features";
  }
  // Stacked layers are for the probe that weighs them, and for it alone.
  return (kind === "layers") === (reads.layer === "all");
}
