import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";

/** Clips of several labels each. */
export interface TagInput {
  /** C order, as `shape` says; a row with NaN is a clip that failed: it stands last, and teaches nothing. */
  readonly features: Float32Array;
  readonly shape: readonly [clips: number, features: number];
  /** Of each clip; it may have none. */
  readonly tags: readonly (readonly string[])[];
  /** Source of each clip: no source trains and tests in one fold. */
  readonly groups: readonly string[];
  /** @default 5 */
  readonly folds?: number | undefined;
  /** As for `probe`; a clip of -1 only trains. */
  readonly fold?: readonly number[] | undefined;
  /** @default 0 */
  readonly seed?: number | undefined;
}

/** How well each tag was read off the features. */
export interface TagOutcome {
  /** The tags, sorted. */
  readonly names: readonly string[];
  /** [clips, tags], C order; NaN for clips that only train. */
  readonly scores: Float32Array;
  /** Average precision of each tag over the judged clips; null where none of them has it. */
  readonly ap: readonly (number | null)[];
  /** Macro mean of these (mAP). */
  readonly meanAp: number;
  readonly fold: readonly number[];
  /** Per fold: what was chosen inside the training fold. */
  readonly settings: readonly string[];
  readonly sources: number;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Can each of several labels be read off the features? Ridge regression onto all tags, whole sources held
 * out, judged by mAP.
 *
 * @throws OperationFailedError `invalid_request`: lengths that differ, one source only, no tag at all
 */
export async function probeTags(
  input: TagInput,
  options: StatisticsOptions = {},
): Promise<TagOutcome> {
  const { features, shape, tags, groups, folds = 5, fold, seed = 0 } = input;
  const { bridge = sharedBridge(), ...call } = options;
  const data = { features: { data: features, shape }, tags, groups, folds, seed };
  const result = await bridge.executeOperation(
    "probe_tags",
    { ...data, ...(fold === undefined ? {} : { fold }) },
    call,
  );
  const { processing_time, memory_usage, mean_ap, scores, ...outcome } = result;
  if (!(scores.data instanceof Float32Array)) throw new TypeError("scores are float32 on the wire");
  const found: TagOutcome = {
    ...outcome,
    scores: scores.data,
    meanAp: mean_ap,
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-outcomes.ts")).tagBundle(it));
}
