/** The clips of a task: those that have its label, and who trains and who is tested. */
import type { ClipLabels } from "../dataset-types.ts";
import type { FoldPlan } from "../plan-folds.ts";
import type { CheckableQuestion, Task } from "../study-types.ts";
import type { UsedClip } from "./used-clips.ts";

/** A clip with what is true of it. */
export interface TaskClip {
  readonly id: string;
  readonly clusterId: string;
  readonly truth: string;
  /** Of a task of tags; empty for the others. */
  readonly tags: readonly string[];
  /** Of a task of questions, by label; empty for the others. */
  readonly expected: Readonly<Record<string, string>>;
}

/** The folds as the probes take them. */
export type TaskFolds =
  | { readonly fold: readonly number[] }
  | { readonly folds: number; readonly seed: number };

/** Those that have the task's label, of questions those that are asked one at least; `leaveOut` has named the others. */
export function clipsOf(task: Task, clips: readonly UsedClip[]): TaskClip[] {
  if (task.kind === "questions") return askedClips(task.questions, clips);
  const label = labelOf(task);
  return clips.flatMap(({ id, clusterId, labels }) => {
    const truth = truthOf(labels, label);
    if (truth === undefined) return [];
    const value = labels[label];
    const tags = Array.isArray(value) ? value.map(String) : [];
    return [{ id, clusterId, truth, tags, expected: {} }];
  });
}

/** @returns a label as text; undefined where the clip has none */
export function truthOf(labels: ClipLabels, label: string): string | undefined {
  const value = labels[label];
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(String).join(", ") : String(value);
}

function askedClips(
  questions: Readonly<Record<string, CheckableQuestion>>,
  clips: readonly UsedClip[],
): TaskClip[] {
  return clips.flatMap(({ id, clusterId, labels }) => {
    const expected = Object.fromEntries(
      askedOf(questions, labels).map((label) => {
        const value = String(labels[label]);
        return [label, questions[label]?.answers?.[value] ?? value];
      }),
    );
    const truth = tellAnswers(expected);
    return truth === "" ? [] : [{ id, clusterId, truth, tags: [], expected }];
  });
}

/** The questions that a clip is asked: those whose answer the manifest knows, whatever it is. */
export function askedOf(
  questions: Readonly<Record<string, CheckableQuestion>>,
  labels: ClipLabels,
): string[] {
  return Object.keys(questions).filter((label) => (labels[label] ?? null) !== null);
}

/** Whether a metric is about the clip: that of a question, where it is asked. */
export function isAbout(metric: string, { expected }: TaskClip): boolean {
  return metric === "accuracy" || Object.keys(expected).length === 0 || metric in expected;
}

/** `count: four; tempo: fast` */
export function tellAnswers(texts: Readonly<Record<string, string>>): string {
  return Object.entries(texts)
    .map(([label, text]) => `${label}: ${text}`)
    .join("; ");
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
