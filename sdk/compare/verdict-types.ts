/** What the statistics say of a study: the fields of `verdicts.py`, `statistics_power.py` and `judge_cost.py`. */
import type {
  Claim,
  CostMeasurement,
  Family,
  Interval,
  Verdict as WireVerdict,
} from "../bridge/protocol.gen.ts";
import type { TaskKind } from "./study-types.ts";

/** What can be said of arm a against arm b. */
export type VerdictWord = WireVerdict["word"];

/** One comparison, judged among the others of its family. */
export interface Verdict {
  readonly a: string;
  readonly b: string;
  readonly task: TaskKind;
  readonly metric: string;
  /** Only the primary ones were declared before the run. */
  readonly family: Family;
  readonly word: VerdictWord;
  /** All words that hold: better by less than the margin is equivalent and not worse as well. */
  readonly supports: readonly VerdictWord[];
  readonly claim: Claim | null;
  /** Whether the claim was shown; null without one. */
  readonly shown: boolean | null;
  readonly sentence: string;
  /** a − b, in the metric's unit. */
  readonly difference: number;
  readonly scoreA: number;
  readonly scoreB: number;
  readonly lowerIsBetter: boolean;
  /** By source; null below 10 of them. */
  readonly interval: Interval | null;
  /** At 1 − 2 alpha: what equivalence is read off; null without a margin. */
  readonly marginInterval: Interval | null;
  /** Why there is no interval or test, or what weakens the word. */
  readonly reason: string | null;
  readonly test: string | null;
  readonly p: number | null;
  readonly pAdjusted: number | null;
  readonly pNotWorse: number | null;
  readonly pNotBetter: number | null;
  readonly adjustedBy: string;
  /** Smallest difference that such a study finds in eight of ten cases. */
  readonly couldHaveSeen: number | null;
  readonly margin: number | null;
  readonly clips: number;
  readonly sources: number;
  /** Clips where a is the better arm; null for metrics without an outcome per clip. */
  readonly onlyA: number | null;
  readonly onlyB: number | null;
  /** Whether the arms said the same on every clip. */
  readonly isIdentical: boolean;
  readonly beside: VerdictBeside;
}

/** Other ways to look at it; the word is not theirs. */
export interface VerdictBeside {
  readonly jackknife: Interval | null;
  /** By source, expanded percentiles. */
  readonly bootstrap: Interval | null;
  readonly bca: Interval | null;
  /** As if clips were independent. */
  readonly byClip: Interval | null;
  readonly mcnemarExact: number | null;
  readonly mcnemarMidP: number | null;
  readonly wilcoxon: number | null;
  readonly effectSize: number | null;
  readonly icc: number | null;
}

/** What the data set can resolve, worked out before anything is measured. */
export interface PowerCard {
  readonly clips: number;
  readonly sources: number;
  readonly alpha: number;
  readonly power: number;
  readonly margin: number | null;
  readonly rows: readonly PowerRow[];
  readonly method: string;
  /** Why there is no card. */
  readonly reason: string | null;
}

/** One assumption about the arms. */
export interface PowerRow {
  /** Share of the clips on which exactly one arm is right. */
  readonly discordance: number;
  /** How alike clips of one source are, 0 to 1. */
  readonly correlation: number;
  /** Smallest difference found with that power; null: not even the largest possible one. */
  readonly resolves: number | null;
  readonly powerAtMargin: number | null;
  readonly sourcesNeeded: number | null;
}

/** One cost metric of arm a against arm b. */
export interface CostVerdict {
  readonly a: string;
  readonly b: string;
  /** With its unit: `per-clip latency (ms)`. */
  readonly metric: string;
  /** What counts as one observation. */
  readonly unit: CostMeasurement["unit"];
  readonly word: "higher" | "lower" | "undecided";
  readonly sentence: string;
  /** 2: a costs twice as much. */
  readonly ratio: number;
  readonly interval: Interval | null;
  readonly reason: string | null;
  readonly test: string;
  readonly p: number;
  readonly pAdjusted: number;
  /** Farthest ratio from 1 that two processes of one arm may have; null without an A/A run. */
  readonly floor: number | null;
  /** Of the A/A run. */
  readonly noise: CostRatio | null;
  readonly units: number;
  readonly medianA: number;
  readonly medianB: number;
  /** Of single calls; empty for the unit `process`. */
  readonly quantilesA: readonly CostQuantile[];
  readonly quantilesB: readonly CostQuantile[];
  readonly driftA: CostDrift | null;
  readonly driftB: CostDrift | null;
}

/** What one process costs over another. */
export interface CostRatio {
  readonly ratio: number;
  readonly interval: Interval | null;
  readonly reason: string | null;
  readonly p: number;
  readonly test: string;
  readonly units: number;
}

/** A quantile of the calls of one arm. */
export interface CostQuantile {
  readonly at: number;
  readonly value: number;
  readonly low: number;
  /** null where so few calls cannot bound it. */
  readonly high: number | null;
  readonly calls: number;
}

/** Change over the run: 0.05 is five percent from the first call to the last. */
export interface CostDrift {
  readonly change: number;
  readonly low: number;
  readonly high: number;
}
