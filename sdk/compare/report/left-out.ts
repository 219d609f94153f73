import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { LeftOutClip, StudyResults } from "../results-types.ts";
import { scrolling } from "./pieces.ts";
import { count, firstOf, listed } from "./words.ts";

/** Clips that were not used, or not in every task, by the reason; all ids stand in `results.json`. */
export function leftOut(results: StudyResults): Html | null {
  const groups = byReason(results);
  if (groups.length === 0) return null;
  const rows = groups.map(({ reason, tasks, clips }) => ({
    reason,
    "left out of": tasksOf(results, tasks),
    clips: clips.length,
    which: firstOf(clips.map(({ id }) => id)),
  }));
  return scrolling(table(rows, { limit: 200 }));
}

/** `3 clips`; one that two tasks leave out for two reasons is one. */
export function countLeftOut({ data }: StudyResults): string {
  return count(new Set(data.excluded.map(({ id }) => id)).size, "clip");
}

/** `2 of knn: no speaker` */
export function leftOutReasons(results: StudyResults): string[] {
  return byReason(results).map(
    ({ reason, tasks, clips }) => `${clips.length} of ${tasksOf(results, tasks)}: ${reason}`,
  );
}

function tasksOf({ tasks: all }: StudyResults, tasks: LeftOutClip["tasks"]): string {
  return tasks.length === all.length ? "the study" : listed(tasks);
}

function byReason({
  data,
}: StudyResults): (Pick<LeftOutClip, "reason" | "tasks"> & { clips: LeftOutClip[] })[] {
  const groups = Map.groupBy(data.excluded, ({ reason, tasks }) => [reason, ...tasks].join("\0"));
  return [...groups.values()].flatMap((clips) =>
    clips[0] === undefined ? [] : [{ reason: clips[0].reason, tasks: clips[0].tasks, clips }],
  );
}
