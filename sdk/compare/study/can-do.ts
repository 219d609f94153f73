import type { Arm, Task } from "../study-types.ts";

/** Whether the arm's answers are of the kind that the task reads. */
export function canDo({ reads }: Pick<Arm, "reads">, { kind }: Task): boolean {
  if (reads.by !== "features") return kind === "zero-shot";
  if (kind === "zero-shot" || kind === "questions") return false;
  // Stacked layers are for the probe that weighs them, and for it alone.
  return (kind === "layers") === (reads.layer === "all");
}
