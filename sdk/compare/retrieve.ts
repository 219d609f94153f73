import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";

/** Clips that ask for their like. */
export interface RetrievalInput {
  /** C order, as `shape` says; a row with NaN, or of zeros, is a clip that failed: it finds nothing. */
  readonly features: Float32Array;
  readonly shape: readonly [clips: number, features: number];
  /** Per clip. */
  readonly labels: readonly string[];
  /** Source of each clip: a clip does not ask its own source. */
  readonly groups: readonly string[];
  /** Of recall@k. @default [1, 5, 10] */
  readonly ks?: readonly number[] | undefined;
}

/** What each clip found among those of other sources. */
export interface RetrievalOutcome {
  readonly ks: readonly number[];
  /** Per k: share of the queries that have their label among the nearest k. */
  readonly recall: readonly number[];
  /** Mean average precision (mAP). */
  readonly meanAp: number;
  /** [clips][ks]. */
  readonly hits: readonly (readonly boolean[])[];
  /** Average precision, per clip. */
  readonly ap: readonly number[];
  /** Per clip; false where no other source has its label: it counts nowhere. */
  readonly asked: readonly boolean[];
  /** Clips without usable features. */
  readonly failed: number;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Are the nearest clips of other sources of the same label? By cosine; nothing is fitted.
 *
 * @throws OperationFailedError `invalid_request`: lengths that differ, a k below 1, no label in two sources
 */
export async function retrieve(
  input: RetrievalInput,
  options: StatisticsOptions = {},
): Promise<RetrievalOutcome> {
  const { features, shape, labels, groups, ks = [1, 5, 10] } = input;
  const { bridge = sharedBridge(), ...call } = options;
  const data = { features: { data: features, shape }, labels, groups, ks };
  const result = await bridge.executeOperation("retrieve", data, call);
  const { processing_time, memory_usage, mean_ap, ...outcome } = result;
  const found: RetrievalOutcome = {
    ...outcome,
    meanAp: mean_ap,
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-outcomes.ts")).retrievalBundle(it));
}
