/** How long timing will take, by what the first chunk of both arms took. */
import type { StudyArm } from "../baselines.ts";
import type { Chunk } from "../chunks.ts";
import type { PaceOf } from "../estimate.ts";
import { total } from "../sums.ts";
import { type CostDesign, sidesOf } from "./cost-design.ts";
import type { CostSchedule, PlannedIncarnation } from "./cost-schedule.ts";

/** What is going to be timed. */
export interface CostPlan {
  readonly design: CostDesign;
  readonly schedule: CostSchedule;
}

/** What of the study decides how long that takes. */
export interface CostWorkload {
  readonly arms: readonly StudyArm[];
  readonly chunks: readonly Chunk[];
  /** By what was computed: the disk's pace is not that of the models. */
  readonly pace: PaceOf;
  /** Seconds that a process takes to have its model. */
  readonly loading: number;
}

/** In each of the four slots of a block one side works. */
const SLOTS_A_SIDE = 2;
/** The first call, and the one that warms up. */
const SINGLE_CALLS = 2;

/** @returns seconds; null where the pace of an arm is not known */
export function estimateCost(
  { design, schedule }: CostPlan,
  { arms, chunks, pace, loading }: CostWorkload,
): number | null {
  const { a, b } = sidesOf(design, arms, "ab");
  if (pace(a, [schedule.clip]) === null || pace(b, [schedule.clip]) === null) return null;
  const chunk = (id: string): readonly string[] => chunks.find((one) => one.id === id)?.clips ?? [];
  const timed = (arm: StudyArm, { blocks }: PlannedIncarnation): number => {
    const seconds = (clips: readonly string[]): number => pace(arm, clips) ?? 0;
    const ready = SINGLE_CALLS * seconds([schedule.clip]) + seconds(chunk(blocks[0]?.chunk ?? ""));
    const slot = total(blocks, (each) => seconds(each.clips) + seconds(chunk(each.chunk)));
    return ready + SLOTS_A_SIDE * slot;
  };
  return total(schedule.incarnations, (incarnation) => {
    const sides = sidesOf(design, arms, incarnation.phase);
    return loading + total(Object.values(sides), (arm) => timed(arm, incarnation));
  });
}
