/** Where a run ended that might be stopped after any source. */
import type { RunDirectory } from "../../records/run/run-directory.ts";
import { type Hearing, stepOf } from "./hear-all.ts";
import type { UsedClip } from "./used-clips.ts";

/** A line of the journal, whose time says when. */
export interface StoppedNote {
  /** Finished by all arms, in the order of the run. */
  readonly sources: number;
  readonly of: number;
  readonly clips: number;
}

/** The note of a run that was stopped before it was opened again. */
export function findStopped({ history }: Pick<RunDirectory, "history">): StoppedNote | undefined {
  return history.findLast(({ kind }) => kind === "stopped") as unknown as StoppedNote | undefined; // `runStudy` wrote it
}

/** What is finished where the arms stop behind the same number of chunks. */
export function noteStop(
  chunks: ReadonlySet<string>,
  { arms, bySource, clips }: Pick<Hearing, "arms" | "bySource" | "clips">,
  order: readonly string[],
): StoppedNote {
  const heard = new Set(
    bySource
      .filter((chunk) => arms.every((arm) => chunks.has(stepOf(arm, chunk))))
      .flatMap((chunk) => chunk.clips),
  );
  const unfinished = new Set(clips.flatMap((clip) => (heard.has(clip.id) ? [] : clip.clusterId)));
  const first = order.findIndex((source) => unfinished.has(source));
  const sources = first === -1 ? order.length : first;
  const judged = clipsUpTo(clips, order, sources);
  return { sources, of: order.length, clips: judged.length };
}

/** The clips of the first sources. */
export function clipsUpTo(
  clips: readonly UsedClip[],
  order: readonly string[],
  sources: number,
): UsedClip[] {
  const finished = new Set(order.slice(0, sources));
  return clips.filter(({ clusterId }) => finished.has(clusterId));
}
