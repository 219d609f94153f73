/** How long a study will hear, by what one chunk of every arm took. */
import type { ModelInfo } from "../../models/model-service.ts";
import type { StudyArm } from "./baselines.ts";
import type { Chunk } from "./chunks.ts";
import type { UsedClip } from "./used-clips.ts";

/** What is left to be heard. */
export interface StudyEstimate {
  /** Of the hearing; the tasks and the statistics come after it. */
  readonly seconds: number;
  /** Over all arms. */
  readonly chunks: number;
  /** Of `seconds`, by the id of the arm. */
  readonly arms: Readonly<Record<string, number>>;
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
}

/** What decides how long a model listens. */
export interface Workload {
  readonly clips: readonly Pick<UsedClip, "id" | "seconds">[];
  /** What all arms hear of a clip at most; null: all. */
  readonly cropSeconds: number | null;
  windowOf(arm: StudyArm): ModelInfo["windowSeconds"];
}

/**
 * Chunks begin with the shortest clips, so their number alone would promise too little: a model that hears all
 * of a clip takes time by the second, one with a window by the clip.
 */
export function estimateHearing(
  heard: readonly HeardStep[],
  left: readonly HearingStep[],
  load: Workload,
): StudyEstimate {
  const arms = Object.fromEntries(
    [...Map.groupBy(left, ({ arm }) => arm.id)].map(([id, steps]) => {
      const measured = heard.filter(({ arm }) => arm.id === id);
      const seconds = total(measured, (step) => step.seconds);
      const done = total(measured, (step) => workOf(step, load));
      return [id, done === 0 ? 0 : (seconds / done) * total(steps, (step) => workOf(step, load))];
    }),
  );
  return { seconds: total(Object.values(arms), (each) => each), chunks: left.length, arms };
}

function workOf({ arm, chunk }: HearingStep, { clips, cropSeconds, windowOf }: Workload): number {
  if (windowOf(arm) !== null) return chunk.clips.length;
  const most = cropSeconds ?? Number.POSITIVE_INFINITY;
  const members = new Set(chunk.clips);
  return total(
    clips.filter(({ id }) => members.has(id)),
    ({ seconds }) => Math.min(seconds ?? 0, most),
  );
}

function total<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
