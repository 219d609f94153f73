/** The clips of a task: those that have its label, and who trains and who is tested. */
import type { ClipLabels } from "../dataset-types.ts";
import type { FoldPlan } from "../plan-folds.ts";
import type { Task } from "../study-types.ts";
import type { UsedClip } from "./used-clips.ts";

/** A clip with what is true of it. */
export interface TaskClip {
  readonly id: string;
  readonly clusterId: string;
  readonly truth: string;
  /** Of a task of tags; empty for the others. */
  readonly tags: readonly string[];
}

/** The folds as the probes take them. */
export type TaskFolds =
  | { readonly fold: readonly number[] }
  | { readonly folds: number; readonly seed: number };

/** Those that have the task's label; `leaveOut` has named the others. */
export function clipsOf(task: Task, clips: readonly UsedClip[]): TaskClip[] {
  const label = labelOf(task);
  return clips.flatMap(({ id, clusterId, labels }) => {
    const truth = truthOf(labels, label);
    if (truth === undefined) return [];
    const value = labels[label];
    return [{ id, clusterId, truth, tags: Array.isArray(value) ? value.map(String) : [] }];
  });
}

/** @returns a label as text; undefined where the clip has none */
export function truthOf(labels: ClipLabels, label: string): string | undefined {
  const value = labels[label];
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(String).join(", ") : String(value);
}

export function labelOf(task: Task): string {
  return task.label ?? (task.kind === "tags" ? "tags" : "class");
}

/** @param clips all of the study, in the order of the plan */
export function foldsOf(
  plan: FoldPlan,
  clips: readonly UsedClip[],
  used: readonly TaskClip[],
): TaskFolds {
  if (plan.kind === "drawn") {
    const sources = new Set(used.map(({ clusterId }) => clusterId)).size;
    return { folds: Math.max(2, Math.min(plan.folds, sources)), seed: plan.seed };
  }
  const isUsed = new Set(used.map(({ id }) => id));
  const at = clips.flatMap(({ id }, index) => (isUsed.has(id) ? index : []));
  if (plan.kind === "splits") {
    return { fold: at.map((index) => (plan.split[index] === "test" ? 0 : -1)) };
  }
  // The authors number theirs from 1 or from 0, and a label may be missing from one of them.
  const given = at.map((index) => plan.fold[index] ?? 0);
  const numbers = [...new Set(given)].sort((a, b) => a - b);
  return { fold: given.map((fold) => numbers.indexOf(fold)) };
}
