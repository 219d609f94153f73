import type { Interval } from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";

/** Outcomes of two arms on the same clips, in the same order. */
export interface PairedOutcomes {
  /** Numbers, or right and wrong. */
  readonly a: readonly (number | boolean)[];
  readonly b: readonly (number | boolean)[];
  /** Source of each clip: sources are counted, not clips. */
  readonly groups: readonly string[];
  /** @default 0.95 */
  readonly level?: number | undefined;
  /** @default 9999 */
  readonly permutations?: number | undefined;
  /** @default 0 */
  readonly seed?: number | undefined;
}

/** Difference of means a - b, by source. */
export interface PairedDifference {
  readonly difference: number;
  /** Cluster jackknife; null below 10 sources. */
  readonly interval: Interval | null;
  /** Why there is no interval. */
  readonly reason: string | null;
  /** Sign-flip permutation of whole sources, two-sided; null below 10 sources. */
  readonly pValue: number | null;
  readonly test: string | null;
  readonly meanA: number;
  readonly meanB: number;
  /** Clips where a is better. */
  readonly onlyA: number;
  readonly onlyB: number;
  readonly clips: number;
  readonly sources: number;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Is arm a better than arm b, beyond what another draw of sources would change?
 *
 * @throws OperationFailedError `invalid_request`: lengths that differ
 */
export async function pairedDifference(
  outcomes: PairedOutcomes,
  options: StatisticsOptions = {},
): Promise<PairedDifference> {
  const { a, b, groups, level, permutations, seed } = outcomes;
  const { bridge = sharedBridge(), ...call } = options;
  const result = await bridge.executeOperation(
    "compare",
    {
      a: a.map(Number),
      b: b.map(Number),
      groups,
      ...(level === undefined ? {} : { level }),
      ...(permutations === undefined ? {} : { permutations }),
      ...(seed === undefined ? {} : { seed }),
    },
    call,
  );
  const { p_value, mean_a, mean_b, only_a, only_b, processing_time, memory_usage, ...outcome } =
    result;
  const found: PairedDifference = {
    ...outcome,
    pValue: p_value,
    meanA: mean_a,
    meanB: mean_b,
    onlyA: only_a,
    onlyB: only_b,
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-outcomes.ts")).pairedBundle(it));
}
