/** A study: what is asked of which data, by which arms, and what is declared before the first clip. */
import type {
  Attention,
  Claim,
  DType,
  Pooling,
  Quantization,
  Weights,
} from "../bridge/protocol.gen.ts";
import type { PeakSource } from "../models/memory-usage.ts";
import type { Dataset } from "./dataset-types.ts";
import type { LabelMapper } from "./label-mapper.ts";

/** A comparison as it is designed; its digest is its id, so that nothing in it changes afterwards. */
export interface Study {
  /** Small letters, digits and dashes. */
  readonly name: string;
  /** In one sentence with a question mark. */
  readonly question: string;
  readonly data: Dataset;
  readonly arms: readonly Arm[];
  readonly tasks: readonly Task[];
  /** What the verdict is about; everything else is labelled as explored. */
  readonly primary: readonly PrimaryClaim[];
  /** @default 0.95 */
  readonly level?: number | undefined;
  /** @default 0.05 */
  readonly alpha?: number | undefined;
  /**
   * What all arms hear of a clip, from its beginning. `common`: the shortest window of any arm.
   * @default "common"
   */
  readonly crop?: { readonly seconds: number } | "common" | undefined;
  /** @default "official" where the data set has folds or splits of its own, else 5 */
  readonly folds?: number | "official" | undefined;
  /**
   * Each stream (folds, probes, draws, order, resampling) takes sha256 of this and its own name.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * What becomes of clips whose recording is in an arm's list of `freesoundIds`.
   * @default "mark"
   */
  readonly heardInTraining?: "mark" | "exclude" | undefined;
  /**
   * Other draws of the folds under which the declared differences are shown beside the verdict, where folds
   * are drawn and the task is a linear, MLP or kNN probe; each takes as long as the probe itself.
   * @default 5
   */
  readonly foldSpread?: number | undefined;
  /**
   * Time and memory, measured after quality in processes of their own; `false`: quality alone.
   * @default false
   */
  readonly cost?: CostPlan | false | undefined;
  /**
   * `anytime`: it may be looked at after every source and stopped there (`onLook` of `runStudy`). The verdicts
   * are then those of the e-process, with confidence sequences, stopped or not; for arms that answer, and
   * claims of `superior` on means of clips.
   * @default "fixed"
   */
  readonly stopping?: "fixed" | "anytime" | undefined;
}

/** What is compared: a model, and how it is read. */
export interface Arm {
  /** Small letters, digits and dashes: a name in files and tables. */
  readonly id: string;
  /** A shipped name, a baseline, or a folder with a `config.json`. */
  readonly model: string;
  /** @default "trained" */
  readonly weights?: Weights | undefined;
  /** @default "float32" */
  readonly dtype?: DType | undefined;
  /** @default "none" */
  readonly quantization?: Quantization | undefined;
  readonly attention?: Attention | undefined;
  readonly device?: string | undefined;
  readonly reads: Reading;
  /** @default unknown */
  readonly exposure?: Exposure | undefined;
}

/** How an arm's answer is taken from its model. */
export type Reading =
  /** Hidden states, which a probe or a search reads. */
  | {
      readonly by: "features";
      readonly layer?: string | number | undefined;
      readonly pooling?: Pooling | undefined;
      readonly l2?: boolean | undefined;
    }
  /** The likeliest of candidate texts. */
  | {
      readonly by: "score";
      readonly prompt?: string | undefined;
      /** Text by label. */
      readonly candidates: Readonly<Record<string, string>>;
      /** Of the logarithms of the tokens' probabilities; the mean does not favour short texts. */
      readonly rule: "sum" | "mean";
    }
  /** Its own words, which a mapper turns into a label. */
  | {
      readonly by: "text";
      readonly prompt?: string | undefined;
      readonly mapper: LabelMapper;
      /**
       * Of an answer; what comes behind is not written.
       * @default the model layer's own
       */
      readonly maxNewTokens?: number | undefined;
    }
  /** Its own words, to each question of the task `questions`. */
  | {
      readonly by: "answers";
      /**
       * Of each answer; what comes behind is not written.
       * @default the model layer's own
       */
      readonly maxNewTokens?: number | undefined;
    };

/** A question whose answer the manifest knows: those clips are asked that have its label. */
export interface CheckableQuestion {
  readonly ask: string;
  /**
   * What is expected, by the label's value: `{ "4": "four" }`.
   * @default the value itself
   */
  readonly answers?: Readonly<Record<string, string>> | undefined;
}

/** A rule from words to labels: its name with a version, and the digest of its phrases. */
export interface MapperReference {
  /** `labels@1` */
  readonly name: string;
  readonly sha256: string;
}

/** What an arm's training had of the clips it is tested on. */
export interface Exposure {
  readonly kind: "labels of these classes" | "same corpus" | "none" | "unknown";
  /** Who says so: a model card, a paper. */
  readonly source: string;
  /** Numbers on freesound.org of the recordings that it was trained on (`readTrainingList` reads a file). */
  readonly freesoundIds?: readonly string[] | undefined;
}

/** Whose order the outcomes of a clip are read off, by which rule. */
export type Task = {
  /**
   * Label that is read; `questions` have their own.
   * @default "class", and "tags" of the task `tags`
   */
  readonly label?: string | undefined;
} & (
  | { readonly kind: "linear" | "mlp" | "layers" | "clustering" | "zero-shot" | "tags" }
  | { readonly kind: "knn"; readonly neighbours?: number | undefined }
  /** As MTEB: 8 clips of each label, 10 draws. */
  | {
      readonly kind: "few-shot";
      readonly perLabel?: number | undefined;
      readonly draws?: number | undefined;
    }
  | { readonly kind: "retrieval"; readonly ks?: readonly number[] | undefined }
  /** By label; an answer is right where its words are those expected, without regard to case and punctuation. */
  | { readonly kind: "questions"; readonly questions: Readonly<Record<string, CheckableQuestion>> }
);

/** What a task is called in files, tables and claims. */
export type TaskKind = Task["kind"];

/** A claim that is declared before the first clip. */
export interface PrimaryClaim {
  readonly a: string;
  readonly b: string;
  readonly task: TaskKind;
  readonly metric: string;
  readonly claim: Claim;
  /** In the metric's unit; needed by `not worse` and `equivalent`. */
  readonly margin?: number | undefined;
}

/** How much is measured of time and memory, and of which arms (docs/cost.md). */
export interface CostPlan {
  /**
   * The two arms.
   * @default those of the first primary claim that has no baseline in it, else the first two without
   */
  readonly pair?: readonly [a: string, b: string] | undefined;
  /**
   * Pairs of fresh processes: the unit of first latency and of peak memory. Below 4 these have no interval,
   * below 5 no word.
   * @default 5
   */
  readonly incarnations?: number | undefined;
  /**
   * Of each incarnation: four slots in the order ABBA or BAAB.
   * @default 4
   */
  readonly blocks?: number | undefined;
  /**
   * Clips of a slot that are heard one by one; after them a chunk is heard in one call.
   * @default 4
   */
  readonly clipsPerSlot?: number | undefined;
  /**
   * Arm a against itself first: what this machine cannot tell apart. Without it no cost gets a word.
   * @default true
   */
  readonly noiseFloor?: boolean | undefined;
}

/** What an arm did with a clip in a task: a row of `outcomes/<task>.<arm>.jsonl`. */
export interface Outcome {
  readonly arm: string;
  readonly task: TaskKind;
  readonly clip: string;
  /** The source. */
  readonly cluster: string;
  /** The one in which it was tested; null where nothing was trained. */
  readonly fold: number | null;
  /** `unmapped`: words that no label has; `other`: a known label that is none of the candidates. */
  readonly status: "ok" | "failed" | "unmapped" | "other";
  /** From 0 to 1; 0 of what failed or was not mapped: failures count. */
  readonly score: number;
  readonly truth: string | readonly string[];
  /** What the arm said, as a label; null where it said none. */
  readonly said: string | null;
  readonly detail?: OutcomeDetail | undefined;
  readonly secondsHeard: number;
  /** Model and revision that did answer. */
  readonly servedBy: string;
}

/** What corpus metrics are computed from again. */
export interface OutcomeDetail {
  /** By label or candidate. */
  readonly scores?: Readonly<Record<string, number>> | undefined;
  /** Of the first right answer in a search, from 1. */
  readonly rank?: number | undefined;
  readonly text?: string | undefined;
  /** Insertions, deletions, substitutions, words. */
  readonly counts?: readonly number[] | undefined;
}

/** One timed call of an arm: a row of `cost.jsonl`. */
export interface CostCall {
  /** An arm against itself, or against the other. */
  readonly phase: "aa" | "ab";
  /** Pair of fresh processes, from 0. */
  readonly incarnation: number;
  /** From 1; above, where the incarnation was void and is measured again. */
  readonly attempt: number;
  /** In the phase `aa` both are processes of one arm. */
  readonly side: "a" | "b";
  readonly arm: string;
  /** `load`: from the start of the process; `batch`: a whole chunk at once. */
  readonly call: "load" | "first" | "warm-up" | "single" | "batch";
  /** Within the incarnation, from 0; null outside of blocks. */
  readonly block: number | null;
  readonly slot: 0 | 1 | 2 | 3 | null;
  /** Of a batch its chunk (`chunk 003`); null of a load. */
  readonly clip: string | null;
  /** How many were heard. */
  readonly clips: number;
  /** From the call in Node to its answer. */
  readonly wallMs: number;
  /** Python's own work: decoding, features, model. */
  readonly pythonMs: number;
  /** Highest resident memory of the child in the call. */
  readonly peakBytes: number;
  readonly peakSource: PeakSource;
  /** Highest memory on CUDA devices; null without CUDA. */
  readonly devicePeakBytes: number | null;
  /** By a hardware counter, of a batch; null where there is none. */
  readonly joules: number | null;
  /** Of the machine in the last minute. */
  readonly load: number;
  /** Since cost was begun to be measured, interruptions and all. */
  readonly seconds: number;
  /** Why the whole incarnation does not count. */
  readonly void?: string | undefined;
}
