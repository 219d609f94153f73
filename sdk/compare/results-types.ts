/** `results.json` of a run: a pure function of its stored rows and seeds, so that it can be computed again. */
import type { Interval } from "../bridge/protocol.gen.ts";
import type { PeakSource } from "../models/memory-usage.ts";
import type { Split } from "./dataset-types.ts";
import type { RecordedExposure } from "./study/heard-in-training.ts";
import type { CostCall, Outcome, TaskKind } from "./study-types.ts";
import type { CostVerdict, PowerCard, Verdict } from "./verdict-types.ts";

/** Name and version of the form of `results.json`. */
export const RESULTS_SCHEMA = "grym-synth/study-results@2";

/** What a study found. Of its times only those of `cost` are in it: all else is the same in every run. */
export interface StudyResults {
  readonly schema: typeof RESULTS_SCHEMA;
  readonly name: string;
  readonly question: string;
  readonly level: number;
  readonly alpha: number;
  readonly seed: number;
  readonly data: ResultsData;
  readonly arms: readonly ArmResult[];
  readonly tasks: readonly TaskResult[];
  /** Primary ones first, in the order of their declaration. */
  readonly verdicts: readonly Verdict[];
  /** Of the primary verdicts on probes, where folds were drawn. */
  readonly spread: readonly FoldSpread[];
  /** What the arms must have in common for the scores to compare. */
  readonly fairness: readonly FairnessRow[];
  /** What was found on both sides of a split; empty where nothing was. */
  readonly leakage: readonly LeakageFinding[];
  readonly duplicateSearch: DuplicateSearch;
  /** Of the pairs of the primary verdicts, as the two below. */
  readonly classes: readonly ClassDifference[];
  readonly confusions: readonly ConfusionWon[];
  /** Those that only one of the two arms got right; those of the first primary verdict first. */
  readonly deciding: readonly DecidingClip[];
  readonly power: PowerCard | null;
  readonly stopping: Stopping;
  /** null: no cost was measured. */
  readonly cost: readonly CostVerdict[] | null;
  /** How it was measured; null where it was not. */
  readonly costRun: CostRun | null;
}

/** When the run ended, and by which rule. */
export interface Stopping {
  /** `anytime`: it might be stopped after each source, and the verdicts allow for that. */
  readonly rule: "fixed" | "anytime";
  /** Sources that were judged, in the order drawn before the run. */
  readonly sources: number;
  /** How many there are. */
  readonly of: number;
}

/** What was heard. */
export interface ResultsData {
  readonly name: string;
  readonly licence: string;
  readonly citation: string;
  readonly clips: number;
  readonly sources: number;
  /** What a source is: `speaker`; null where each clip stands for itself since nobody says. */
  readonly clusterBy: string | null;
  /** Merkle root of the clips, hexadecimal. */
  readonly root: string;
  /** The authors' rule, in a sentence. */
  readonly rule: string;
  /** Clips that were not used, or not in every task. One that cannot be decoded is used: it counts as wrong. */
  readonly excluded: readonly LeftOutClip[];
}

/** A clip that was not used. */
export interface LeftOutClip {
  readonly id: string;
  readonly reason: string;
  /** Those that did without it; where they are all of the study's, no arm has heard it. */
  readonly tasks: readonly TaskKind[];
}

/** An arm as it was measured. */
export interface ArmResult {
  readonly id: string;
  readonly model: string;
  /** In words: `features: layer 6, mean`, `score: sum over 18 candidates`. */
  readonly reads: string;
  readonly dtype: string;
  readonly exposure: RecordedExposure;
  /** What it is measured beside: `mel statistics`, `random weights`; null for an arm that was asked about. */
  readonly baseline: string | null;
  /** null, as the citation: nobody says, and `card` tells where that was looked for. */
  readonly licence: string | null;
  /** BibTeX. */
  readonly citation: string | null;
  /** Where both stand, or why one does not. */
  readonly card: string;
}

/** A task with what each arm reached in it. */
export interface TaskResult {
  readonly task: TaskKind;
  readonly metric: string;
  readonly lowerIsBetter: boolean;
  /** null where nothing was trained or held out. */
  readonly folds: FoldSettings | null;
  readonly arms: readonly TaskArm[];
}

/** How clips were held out. */
export interface FoldSettings {
  readonly count: number;
  readonly by: "official" | "drawn by source";
  readonly seed: number | null;
  /** Clips by the authors' split, where they give splits: those of `valid` train with those of `train`. */
  readonly splits: Readonly<Record<Split, number>> | null;
}

/** One arm in one task. */
export interface TaskArm {
  readonly arm: string;
  readonly value: number;
  readonly interval: Interval | null;
  /** Why there is no interval. */
  readonly reason: string | null;
  /**
   * Mean of the folds' means, as the authors of data sets with folds of their own report it; null where there are
   * no such folds. `value` counts each clip once.
   */
  readonly foldMean: number | null;
  /** Clips by status; failed and unmapped ones count as wrong. */
  readonly counts: Readonly<Record<Outcome["status"], number>>;
  /** Of the probe alone; null where nothing is trained. */
  readonly trainableParameters: number | null;
  /** What was chosen inside the training folds, for example `alpha 1`. */
  readonly chosen: readonly string[];
}

/** One condition, checked over all arms. */
export interface FairnessRow {
  /** `same decoded samples` */
  readonly what: string;
  /** null where it is told, and cannot be right or wrong. */
  readonly ok: boolean | null;
  /** In words. */
  readonly byArm: Readonly<Record<string, string>>;
  readonly note: string | null;
}

/** The same sound, or the same source, on both sides of a split. */
export interface LeakageFinding {
  readonly kind:
    | "same source"
    | "exact duplicate"
    | "near duplicate"
    | "fold misuse"
    | "exposure"
    | "heard in training";
  readonly clips: readonly string[];
  readonly note: string;
  /** Whether it was taken out or merged; else it is only marked. */
  readonly resolved: boolean;
}

/** How the cost of two arms was measured. */
export interface CostRun {
  /** Pairs of fresh processes, and as many of arm a against itself where there is a floor. */
  readonly incarnations: number;
  /** Of each of them. */
  readonly blocks: number;
  /** Of each slot: calls of one clip, and clips of the one call of a chunk. */
  readonly singles: number;
  readonly batch: number;
  /** Incarnations that were disturbed, and measured again as a whole. */
  readonly voids: readonly {
    readonly phase: CostCall["phase"];
    readonly incarnation: number;
    readonly reason: string;
  }[];
  /** Least and most of the machine in the last minute of a call. */
  readonly load: { readonly least: number; readonly most: number };
  /** How peaks of memory were read. */
  readonly peakSources: readonly PeakSource[];
  /** Why there is no energy; null where there is. */
  readonly noEnergy: string | null;
}

/** How near duplicates were looked for; what was found stands among the leakage. */
export interface DuplicateSearch {
  /** Why nothing was looked for; null where it was. */
  readonly reason: string | null;
  /** Arms by whose features candidates were chosen. */
  readonly arms: readonly string[];
  /** Neighbours of each clip on other sides that were looked at. */
  readonly nearest: number;
  /** Copies of the study's own clips: softer by 6 dB, 50 ms shorter, noise 40 dB below, 16 bit. */
  readonly planted: number;
  /** Those of them that the search found: what it can be trusted to see. */
  readonly plantedFound: number;
  /** Pairs on two sides whose waveforms were compared. */
  readonly candidates: number;
  /** Those of them that are two recordings. */
  readonly alike: number;
}

/**
 * A declared difference under other draws of the folds. The verdict's interval is conditional on its own folds,
 * and these are not pooled into it: all draws share the clips.
 */
export interface FoldSpread extends ComparedPair {
  readonly metric: string;
  /** In the order of their drawing; the verdict's own folds are not among them. */
  readonly others: readonly {
    readonly seed: number;
    readonly difference: number;
    readonly scoreA: number;
    readonly scoreB: number;
  }[];
}

/** Which two arms, in which task. */
export interface ComparedPair {
  readonly a: string;
  readonly b: string;
  readonly task: TaskKind;
}

/** Mean outcomes over the clips of one class. */
export interface ClassDifference extends ComparedPair {
  readonly label: string;
  readonly clips: number;
  readonly sources: number;
  readonly scoreA: number;
  readonly scoreB: number;
}

/** A mistake that one arm makes more often. */
export interface ConfusionWon extends ComparedPair {
  readonly truth: string;
  readonly said: string;
  /** Clips of that truth that were said to be the other. */
  readonly mistakesA: number;
  readonly mistakesB: number;
}

/** A clip that counts for one arm and against the other. */
export interface DecidingClip extends ComparedPair {
  readonly clip: string;
  readonly source: string;
  readonly truth: string;
  /** What each arm said; null where it said no label. */
  readonly saidA: string | null;
  readonly saidB: string | null;
  readonly scoreA: number;
  readonly scoreB: number;
  /** From the data set's folder. */
  readonly path: string;
}
