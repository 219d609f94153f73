/** All that a study hears: to its end, or to where its caller stopped it. */
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { AnswerRow } from "./answer-rows.ts";
import type { ArmModels } from "./arm-models.ts";
import { answersOf, type Hearing, hearAll, openSteps } from "./hear-all.ts";
import { type HearFirstOptions, hearFirst } from "./hear-first.ts";
import type { LiveView } from "./live-view.ts";
import { clipsUpTo, findStopped, noteStop } from "./stop-run.ts";
import type { UsedClip } from "./used-clips.ts";

/** How a study is heard. */
export interface HearStudyOptions extends HearFirstOptions {
  /** Sources, in the order of the run. */
  readonly order: readonly string[];
  readonly view: LiveView | undefined;
}

/** @returns the clips that are judged: those of the sources that were finished */
export async function hearStudy(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  { order, view, onEstimate, cost, ...call }: HearStudyOptions,
): Promise<readonly UsedClip[]> {
  const { clips, arms } = hearing;
  let stopped = findStopped(run);
  if (stopped === undefined) {
    for (const { id } of arms) {
      const rows = await run.rows(answersOf(id));
      view?.heard(id, rows as unknown as readonly AnswerRow[]); // `hearAll` wrote them
    }
    let end = await hearFirst(run, models, hearing, { ...call, onEstimate, cost }, view);
    if (end === "finished") {
      const left = openSteps(run, hearing);
      ({ end } = await hearAll(run, models, hearing, left, call, view));
    }
    if (view !== undefined) await run.note("looked", view.spent);
    if (end === "stopped") {
      stopped = noteStop(run.chunks, hearing, order);
      await run.note("stopped", stopped);
    }
  }
  return stopped === undefined ? clips : clipsUpTo(clips, order, stopped.sources);
}
