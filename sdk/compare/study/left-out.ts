/** Clips that a study does not use, or not in every task: each is named, with the reason. */
import { InvalidArgumentError } from "../../errors.ts";
import type { Dataset } from "../dataset-types.ts";
import type { LeftOutClip } from "../results-types.ts";
import type { Study, Task } from "../study-types.ts";
import { canDo } from "./can-do.ts";
import { type HeardInTraining, heardBy } from "./heard-in-training.ts";
import type { StoredStudy } from "./stored-study.ts";
import { clipsOf, labelOf, truthOf } from "./task-clips.ts";

/** Tasks that need no second label: nothing is told apart by training, search or clusters. */
const ONE_LABEL_WILL_DO: readonly Task["kind"][] = ["zero-shot", "questions", "tags"];

/**
 * Takes the clips out that no task can read a label of, and those that an arm heard in training where the study
 * asks for that, before any of them is heard.
 *
 * @returns the data set without them; they, and those that only some of the tasks leave out
 * @throws InvalidArgumentError no clip has the label of a task, or all that have it have the same
 */
export function leaveOut(
  { data, tasks, heardInTraining }: Pick<Study, "data" | "tasks" | "heardInTraining">,
  heard: readonly HeardInTraining[] = [],
): { readonly data: Dataset; readonly excluded: readonly LeftOutClip[] } {
  const known = heardInTraining === "exclude" ? heardBy(heard) : new Map<string, string[]>();
  const kinds = tasks.map(({ kind }) => kind);
  const unheard = { ...data, rows: data.rows.filter(({ id }) => !known.has(id)) };
  for (const task of tasks) {
    for (const label of labelsOf(task)) checkLabel(unheard, task, label);
  }
  const excluded = data.rows.flatMap(({ id, labels }): LeftOutClip[] => {
    const arms = known.get(id);
    if (arms !== undefined) {
      return [{ id, reason: `heard in training by ${arms.join(", ")}`, tasks: kinds }];
    }
    const isRead = (label: string): boolean => truthOf(labels, label) !== undefined;
    const without = tasks.filter((task) => !labelsOf(task).some(isRead));
    if (without.length === 0) return [];
    const names = [...new Set(without.flatMap(labelsOf))].map((name) => `\`${name}\``);
    return [{ id, reason: `no ${names.join(", ")}`, tasks: without.map(({ kind }) => kind) }];
  });
  const gone = new Set(
    excluded.filter((clip) => clip.tasks.length === tasks.length).map(({ id }) => id),
  );
  return { data: { ...data, rows: data.rows.filter(({ id }) => !gone.has(id)) }, excluded };
}

/** Each question is about one; a clip is left out where it has none of them. */
function labelsOf(task: Task): string[] {
  return task.kind === "questions" ? Object.keys(task.questions) : [labelOf(task)];
}

function checkLabel({ name, rows }: Dataset, { kind }: Task, label: string): void {
  const values = new Set(rows.flatMap(({ labels }) => truthOf(labels, label) ?? []));
  const where = `label of ${kind}`;
  if (values.size === 0) {
    throw new InvalidArgumentError(where, `one that clips of ${name} have`, label);
  }
  if (values.size === 1 && !ONE_LABEL_WILL_DO.includes(kind)) {
    const expected = `one with two values at least: all clips of ${name} that have it are ${[...values].join()}`;
    throw new InvalidArgumentError(where, expected, label);
  }
}

/** What was left out before the first clip, and what a search could not ask for. */
export function listLeftOut(study: StoredStudy): LeftOutClip[] {
  const { data, design, clips } = study;
  const unasked = design.tasks.flatMap((task): LeftOutClip[] => {
    const arm = design.arms.find((each) => canDo(each, task));
    if (task.kind !== "retrieval" || arm === undefined) return [];
    const asked = new Set(study.outcomes(task.kind, arm.id).map(({ clip }) => clip));
    const reason = "nothing to find: no other source has its label";
    return clipsOf(task, clips).flatMap(({ id }) =>
      asked.has(id) ? [] : [{ id, reason, tasks: [task.kind] }],
    );
  });
  return [...data.excluded, ...unasked];
}
