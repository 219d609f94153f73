import type { Interval } from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";

/** What is learnt from a few examples. */
export interface FewShotInput {
  /** C order, as `shape` says; a row with NaN is a clip that failed: it is wrong, and no example. */
  readonly features: Float32Array;
  readonly shape: readonly [clips: number, features: number];
  /** Per clip. */
  readonly labels: readonly string[];
  /** Source of each clip: examples come from other sources than the clips that are judged. */
  readonly groups: readonly string[];
  /** Examples of each label. @default 8 */
  readonly perLabel?: number | undefined;
  /** How often examples are drawn. @default 10 */
  readonly draws?: number | undefined;
  /** @default 5 */
  readonly folds?: number | undefined;
  /** As for `probe`; a clip of -1 may be an example and is never judged. */
  readonly fold?: readonly number[] | undefined;
  /** The same labels, groups, folds and seed give the same examples for every model. @default 0 */
  readonly seed?: number | undefined;
}

/** How much a handful of examples has taught. */
export interface FewShotOutcome {
  /** Mean over draws and clips. */
  readonly accuracy: number;
  /** By source, without the variance of the draws; null where there are too few sources. */
  readonly interval: Interval | null;
  /** Why there is no interval. */
  readonly reason: string | null;
  /** Per clip: share of the draws after which it is right; 0 for one that is not judged. */
  readonly share: readonly number[];
  /** Accuracy of each draw. */
  readonly draws: readonly number[];
  readonly fold: readonly number[];
  /** Labels with too few clips, failed clips. */
  readonly notes: readonly string[];
  readonly sources: number;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * How much of the labels can be read off features with a handful of examples? Logistic regression on 8
 * clips a label, 10 draws, as MTEB does, but from other sources than the clips that are judged.
 *
 * @throws OperationFailedError `invalid_request`: lengths that differ, one source or label only
 */
export async function fewShot(
  input: FewShotInput,
  options: StatisticsOptions = {},
): Promise<FewShotOutcome> {
  const {
    features,
    shape,
    labels,
    groups,
    perLabel = 8,
    draws = 10,
    folds = 5,
    fold,
    seed = 0,
  } = input;
  const { bridge = sharedBridge(), ...call } = options;
  const data = { labels, groups, per_label: perLabel, draws, folds, seed };
  const result = await bridge.executeOperation(
    "few_shot",
    { features: { data: features, shape }, ...data, ...(fold === undefined ? {} : { fold }) },
    call,
  );
  const { processing_time, memory_usage, ...outcome } = result;
  const found: FewShotOutcome = {
    ...outcome,
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-outcomes.ts")).fewShotBundle(it));
}
