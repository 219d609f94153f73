/** How long a study will hear and be timed, by what one chunk of every arm took. */
import type { ModelInfo } from "../../models/model-service.ts";
import type { StudyArm } from "./baselines.ts";
import type { Chunk } from "./chunks.ts";
import { total } from "./sums.ts";
import type { UsedClip } from "./used-clips.ts";

/** What is left. */
export interface StudyEstimate {
  /** Of hearing and of measuring cost; tasks and statistics come beside them. */
  readonly seconds: number;
  /** Left to be heard, over all arms. */
  readonly chunks: number;
  /** Of `seconds`: hearing, by the id of the arm. */
  readonly arms: Readonly<Record<string, number>>;
  /**
   * Of `seconds`: measuring cost. 0: it is not asked for; null: nothing is known of it, since the first chunk
   * came from the disk.
   */
  readonly cost: number | null;
}

/** Told what is left; what it gives is awaited. */
export type OnEstimate = (estimate: StudyEstimate) => void | Promise<void>;

/** A chunk that an arm has heard, or will. */
export interface HearingStep {
  readonly arm: StudyArm;
  readonly chunk: Chunk;
}

/** With what it took. */
export interface HeardStep extends HearingStep {
  readonly seconds: number;
  /** Whether it came from the disk. */
  readonly isCached: boolean;
}

/** What decides how long a model listens. */
export interface Workload {
  readonly clips: readonly Pick<UsedClip, "id" | "seconds">[];
  /** What all arms hear of a clip at most; null: all. */
  readonly cropSeconds: number | null;
  windowOf(arm: StudyArm): ModelInfo["windowSeconds"];
}

/** Seconds by arm, as far as it has heard anything. */
export type PaceOf = (arm: StudyArm, clips: readonly string[]) => number | null;

/**
 * Chunks begin with the shortest clips, so their number alone would promise too little: a model that hears all
 * of a clip takes time by the second, one with a window by the clip.
 */
export function paceOf(heard: readonly HeardStep[], load: Workload): PaceOf {
  return (arm, clips) => {
    const measured = heard.filter((step) => step.arm.id === arm.id);
    const done = total(measured, ({ chunk }) => workOf(arm, chunk.clips, load));
    if (done === 0) return null;
    return (total(measured, (step) => step.seconds) / done) * workOf(arm, clips, load);
  };
}

export function estimateHearing(
  left: readonly HearingStep[],
  pace: PaceOf,
): Pick<StudyEstimate, "chunks" | "arms"> {
  const arms = Object.fromEntries(
    [...Map.groupBy(left, ({ arm }) => arm.id)].map(([id, steps]) => {
      return [id, total(steps, ({ arm, chunk }) => pace(arm, chunk.clips) ?? 0)];
    }),
  );
  return { chunks: left.length, arms };
}

function workOf(
  arm: StudyArm,
  heard: readonly string[],
  { clips, cropSeconds, windowOf }: Workload,
): number {
  if (windowOf(arm) !== null) return heard.length;
  const most = cropSeconds ?? Number.POSITIVE_INFINITY;
  const members = new Set(heard);
  return total(
    clips.filter(({ id }) => members.has(id)),
    ({ seconds }) => Math.min(seconds ?? 0, most),
  );
}
