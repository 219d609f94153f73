import { InvalidArgumentError } from "../../errors.ts";
import type { PrimaryClaim, Study, Task } from "../study-types.ts";

/** Ends of an open range. */
type Range = readonly [low: number, high: number];

/**
 * The numbers of a study, before the first clip is heard: the statistics would refuse them behind the last one.
 *
 * @throws InvalidArgumentError one lies outside of its range, or a claim is declared twice
 */
export function checkSettings({ level = 0.95, alpha = 0.05, tasks, primary }: Study): void {
  needWithin("level", [0, 1], level);
  needWithin("alpha", [0, 0.5], alpha);
  for (const task of tasks) checkTaskNumbers(task);
  for (const [index, claim] of primary.entries()) {
    const where = nameOf(claim);
    // A margin beyond all differences that there can be (2 for two points, say) would show anything.
    if (claim.margin !== undefined) needWithin(`margin of ${where}`, [0, 1], claim.margin);
    if (primary.findIndex((other) => nameOf(other) === where) !== index) {
      throw new InvalidArgumentError("primary", "each claim once", where);
    }
  }
}

function checkTaskNumbers(task: Task): void {
  const where = (field: string): string => `${field} of ${task.kind}`;
  if (task.kind === "knn") needCount(where("neighbours"), task.neighbours);
  if (task.kind === "retrieval") for (const k of task.ks ?? []) needCount(where("ks"), k);
  if (task.kind !== "few-shot") return;
  needCount(where("perLabel"), task.perLabel);
  needCount(where("draws"), task.draws);
}

function nameOf({ a, b, task, metric }: PrimaryClaim): string {
  return `primary ${a} against ${b} on ${task}, ${metric}`;
}

function needWithin(what: string, [low, high]: Range, given: unknown): void {
  if (typeof given === "number" && given > low && given < high) return;
  throw new InvalidArgumentError(what, `a share between ${low} and ${high}`, given);
}

function needCount(what: string, given: unknown): void {
  if (given === undefined || (Number.isInteger(given) && Number(given) >= 1)) return;
  throw new InvalidArgumentError(what, "a whole number from 1 on", given);
}
