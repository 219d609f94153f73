import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type { Interval, ProbeData } from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";

/** What is probed: features, and what should be read off them. */
export interface ProbeInput {
  /** C order, as `shape` says. */
  readonly features: Float32Array;
  /**
   * [clips, features]. For `layers`: [clips, layers, features] (`layerShape` of a table with layer `all`);
   * for `attention`: [clips, frames, features], NaN beyond the end of a clip (`padFrames`).
   */
  readonly shape:
    | readonly [clips: number, features: number]
    | readonly [clips: number, stacked: number, features: number];
  /** Per clip. */
  readonly labels: readonly string[];
  /** Source of each clip (preset, voice, speaker): no source trains and tests in one fold. */
  readonly groups: readonly string[];
  /**
   * `linear`, `knn` and `mlp` (one hidden layer) read features as they are. `layers` learns a weight for each layer, `attention` one
   * for each frame, on the training fold alone.
   */
  readonly kind: ProbeData["kind"];
  /** @default 5 */
  readonly folds?: number | undefined;
  /**
   * The fold of each clip, from 0, where a benchmark has folds of its own; a clip of -1 trains always and is
   * never judged. Sources on both sides of a fold are named in `settings`.
   */
  readonly fold?: readonly number[] | undefined;
  /**
   * The same labels, groups, folds and seed give the same folds for every model.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** How well the label was read off the features, on sources never seen. */
export interface ProbeOutcome {
  readonly accuracy: number;
  /** By source; null where there are too few of them. */
  readonly interval: Interval | null;
  /** Why there is no interval. */
  readonly reason: string | null;
  /** Per clip, when it was in the test fold. */
  readonly correct: readonly boolean[];
  readonly predictions: readonly string[];
  readonly fold: readonly number[];
  /** Per fold: what was chosen inside the training fold. */
  readonly settings: readonly string[];
  /** Per fold: accuracy on source-disjoint folds of its training clips, by which one may choose. */
  readonly inner: readonly number[];
  /** Numbers that were fitted, in the largest fold; 0 for `knn`. */
  readonly parameters: number;
  /** Of `layers`: per fold, the weight of each layer; they sum to 1. Null for the other kinds. */
  readonly layerWeights: readonly (readonly number[])[] | null;
  /** Accuracy of always saying the training fold's most frequent label. */
  readonly majority: number;
  readonly sources: number;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/** Options of the statistics: they run in Python, on the shared process unless given another. */
export interface StatisticsOptions extends CallOptions {
  readonly bridge?: GAMABridge | undefined;
}

/**
 * Can the label be read off the features? Cross-validated with whole sources held out.
 *
 * @throws OperationFailedError `invalid_request`: lengths that differ, fewer sources than folds
 */
export async function probe(
  input: ProbeInput,
  options: StatisticsOptions = {},
): Promise<ProbeOutcome> {
  const { features, shape, labels, groups, kind, folds, fold, seed } = input;
  const { bridge = sharedBridge(), ...call } = options;
  const result = await bridge.executeOperation(
    "probe",
    {
      features: { data: features, shape },
      labels,
      groups,
      kind,
      ...(folds === undefined ? {} : { folds }),
      ...(fold === undefined ? {} : { fold }),
      ...(seed === undefined ? {} : { seed }),
    },
    call,
  );
  const { processing_time, memory_usage, layer_weights, ...outcome } = result;
  const found: ProbeOutcome = {
    ...outcome,
    layerWeights: layer_weights,
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-outcomes.ts")).probeBundle(it));
}
