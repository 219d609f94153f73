import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";

/** A run so far. The order of its sources must have been drawn before it began. */
export interface AnytimeInput {
  /** Per finished source, the sum of its clips' differences a − b, each between −1 and 1. */
  readonly sums: readonly number[];
  /** Per finished source, its clips. */
  readonly sizes: readonly number[];
  /** Clips of the largest source of the whole data set. */
  readonly largest: number;
  /** Chance of ever seeing a difference that is not there. @default 0.05 */
  readonly alpha?: number | undefined;
  /** Whether outcomes are 0 or 1. @default false */
  readonly rightOrWrong?: boolean | undefined;
}

/** What may be read after each source, however often one looks. */
export interface AnytimeEvidence {
  /** Where there is no difference, it reaches 1 / alpha with a chance of alpha at most. */
  readonly e: readonly number[];
  /** Confidence sequence of the mean difference. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Sources after which e first reached 1 / alpha: the run may stop there. */
  readonly rejectedAt: number | null;
  readonly method: string;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Follows a run source by source; it may be looked at after each and stopped.
 *
 * @throws OperationFailedError `invalid_request`: sums and sizes that do not fit each other
 */
export async function anytime(
  input: AnytimeInput,
  options: StatisticsOptions = {},
): Promise<AnytimeEvidence> {
  const { sums, sizes, largest, alpha, rightOrWrong } = input;
  const { bridge = sharedBridge(), ...call } = options;
  const result = await bridge.executeOperation(
    "anytime",
    {
      sums,
      sizes,
      largest,
      ...(alpha === undefined ? {} : { alpha }),
      ...(rightOrWrong === undefined ? {} : { right_or_wrong: rightOrWrong }),
    },
    call,
  );
  const { rejected_at, processing_time, memory_usage, ...evidence } = result;
  const found: AnytimeEvidence = {
    ...evidence,
    rejectedAt: rejected_at,
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-verdicts.ts")).anytimeBundle(it));
}
