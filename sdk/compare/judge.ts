import type {
  Claim,
  Family,
  JudgedComparison,
  Verdict as WireVerdict,
} from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import type { WithTensors } from "../bridge/tensors.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";
import type { TaskKind } from "./study-types.ts";
import type { Verdict } from "./verdict-types.ts";

/** What was seen of two arms on the same clips, in the same order; its kind says what is compared. */
export type Observed =
  /** A number per clip, or right and wrong: the means. */
  | {
      readonly kind: "clips";
      readonly a: readonly (number | boolean)[];
      readonly b: readonly (number | boolean)[];
    }
  /** A label per clip: macro-F1. */
  | {
      readonly kind: "answers";
      readonly truth: readonly string[];
      readonly a: readonly string[];
      readonly b: readonly string[];
    }
  /** Edits and true words per clip: the word error rate. */
  | {
      readonly kind: "word errors";
      readonly a: readonly number[];
      readonly b: readonly number[];
      readonly words: readonly number[];
    }
  /** Scores in C order, as `shape` says: mean average precision. */
  | {
      readonly kind: "tags";
      /** Whether the clip has the tag. */
      readonly tags: Uint8Array;
      readonly a: Float32Array | Float64Array;
      readonly b: Float32Array | Float64Array;
      readonly shape: readonly [clips: number, tags: number];
    }
  /** A cluster per clip: its agreement with the labels. */
  | {
      readonly kind: "clusters";
      readonly labels: readonly string[];
      readonly a: readonly number[];
      readonly b: readonly number[];
      /** @default "v_measure" */
      readonly measure?: "v_measure" | "ari" | "ami" | undefined;
    };

/** Two arms in a task, and what was claimed of them before the run. */
export interface Comparison {
  readonly a: string;
  readonly b: string;
  readonly task: TaskKind;
  readonly metric: string;
  /** Source of each clip: sources are counted, not clips. */
  readonly groups: readonly string[];
  readonly observed: Observed;
  /** @default "exploratory" */
  readonly family?: Family | undefined;
  readonly claim?: Claim | undefined;
  /** In the metric's own unit (0.02 is two points); `not worse` and `equivalent` need it. */
  readonly margin?: number | undefined;
  /**
   * Where the run might be stopped after any source: clips stand in the order of the run then, and the verdict
   * is the e-process's. Of the kind `clips`, between 0 and 1, without a margin.
   */
  readonly anytime?: AnytimeRule | undefined;
}

/** What must be known before a run that might be stopped. */
export interface AnytimeRule {
  /** Clips of the largest source of the whole data set. */
  readonly largest: number;
  /** Whether outcomes are 0 or 1. */
  readonly rightOrWrong: boolean;
}

/** How a study is judged. */
export interface JudgeOptions extends StatisticsOptions {
  /** Of the intervals. @default 0.95 */
  readonly level?: number | undefined;
  /** @default 0.05 */
  readonly alpha?: number | undefined;
  /** Most flips that are enumerated or drawn. @default 9999 */
  readonly permutations?: number | undefined;
  /** Of bootstraps. @default 9999 */
  readonly resamples?: number | undefined;
  /** @default 0 */
  readonly seed?: number | undefined;
}

/** The verdicts on all comparisons of a study. */
export interface Judgement {
  /** In the order of the comparisons; the same outcomes and seed give the same bits. */
  readonly verdicts: readonly Verdict[];
  /** What each took. */
  readonly seconds: readonly number[];
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Judges all comparisons of a study at once, since each family is corrected as a whole: Holm for the primary
 * ones, Benjamini–Hochberg for those that were not declared.
 *
 * @throws OperationFailedError `invalid_request`: outcomes that do not fit each other, a claim without its
 *   margin, a primary comparison named twice
 */
export async function judge(
  comparisons: readonly Comparison[],
  options: JudgeOptions = {},
): Promise<Judgement> {
  const { bridge = sharedBridge(), level, alpha, permutations, resamples, seed, ...call } = options;
  const result = await bridge.executeOperation(
    "judge",
    {
      comparisons: comparisons.map(toWire),
      ...(level === undefined ? {} : { level }),
      ...(alpha === undefined ? {} : { alpha }),
      ...(permutations === undefined ? {} : { permutations }),
      ...(resamples === undefined ? {} : { resamples }),
      ...(seed === undefined ? {} : { seed }),
    },
    call,
  );
  const verdicts = result.verdicts.map((verdict, at) => fromWire(verdict, comparisons[at]));
  const found: Judgement = {
    verdicts,
    seconds: result.seconds,
    processingTime: result.processing_time,
    memoryUsage: toMemoryUsage(result.memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-verdicts.ts")).judgementBundle(it));
}

function toWire(comparison: Comparison): WithTensors<JudgedComparison> {
  const { observed, family, claim, margin, anytime, ...names } = comparison;
  return {
    ...names,
    observed: observedToWire(observed),
    ...(family === undefined ? {} : { family }),
    ...(claim === undefined ? {} : { claim }),
    ...(margin === undefined ? {} : { margin }),
    ...(anytime === undefined
      ? {}
      : { anytime: { largest: anytime.largest, right_or_wrong: anytime.rightOrWrong } }),
  };
}

function observedToWire(observed: Observed): WithTensors<JudgedComparison["observed"]> {
  switch (observed.kind) {
    case "clips":
      return { kind: "clips", a: observed.a.map(Number), b: observed.b.map(Number) };
    case "tags": {
      const { kind, shape, tags, a, b } = observed;
      return { kind, tags: { data: tags, shape }, a: { data: a, shape }, b: { data: b, shape } };
    }
    case "clusters": {
      const { measure, ...clusters } = observed;
      return { ...clusters, ...(measure === undefined ? {} : { measure }) };
    }
    default:
      return observed;
  }
}

/** The task in the caller's type: on the wire it is any text. */
function fromWire(wire: WireVerdict, comparison: Comparison | undefined): Verdict {
  if (comparison === undefined) throw new TypeError("more verdicts than comparisons");
  const { task } = comparison;
  const {
    score_a,
    score_b,
    lower_is_better,
    margin_interval,
    p_adjusted,
    p_not_worse,
    p_not_better,
    adjusted_by,
    could_have_seen,
    only_a,
    only_b,
    is_identical,
    beside: { by_clip, mcnemar_exact, mcnemar_mid_p, effect_size, ...beside },
    ...verdict
  } = wire;
  const found: Verdict = {
    ...verdict,
    task,
    scoreA: score_a,
    scoreB: score_b,
    lowerIsBetter: lower_is_better,
    marginInterval: margin_interval,
    pAdjusted: p_adjusted,
    pNotWorse: p_not_worse,
    pNotBetter: p_not_better,
    adjustedBy: adjusted_by,
    couldHaveSeen: could_have_seen,
    onlyA: only_a,
    onlyB: only_b,
    isIdentical: is_identical,
    beside: {
      ...beside,
      byClip: by_clip,
      mcnemarExact: mcnemar_exact,
      mcnemarMidP: mcnemar_mid_p,
      effectSize: effect_size,
    },
  };
  return showAs(found, async (it) => (await import("./shown-verdicts.ts")).verdictBundle(it));
}
