import type { CallOptions } from "../../bridge/call-options.ts";
import type { Pooling } from "../../bridge/protocol.gen.ts";

/** What made the features: only patterns of one model, in one form, can be compared. */
export interface PatternModel {
  readonly modelId: string;
  readonly revision: string;
  readonly layer: string;
  readonly pooling: Pooling;
}

/** What the model was given. */
export interface PatternAudioProperties {
  /** Seconds. */
  readonly duration: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
}

/** What is known about a pattern beside its features. */
export interface PatternMetadata {
  /** When it was learnt. */
  readonly timestamp: Date;
  /** Where the sound comes from: preset, voice, speaker, recording. */
  readonly source: string;
  /** 0–1. For learnt patterns: the share of the clip that the model heard. */
  readonly confidence: number;
  /** How often it was met. The caller counts, through `update`: a search does not write. */
  readonly frequency: number;
  /** When it was last used; kept by the caller, like `frequency`. */
  readonly lastAccessed: Date;
  readonly audioProperties: PatternAudioProperties;
}

/** An embedding with what is known about it. */
export interface AudioPattern {
  readonly id: string;
  /**
   * [features]. Of a length (Euclidean) from 1e-12 to 1e12, which does not count: similarity is
   * the cosine.
   */
  readonly features: Float32Array;
  readonly model: PatternModel;
  /** A key has no "=" in it. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly metadata: PatternMetadata;
  /** Similarity by id of another pattern. */
  readonly relationships?: ReadonlyMap<string, number> | undefined;
}

/** A pattern that a search has found. */
export interface SimilarPattern extends AudioPattern {
  /** Cosine to the query, -1 to 1; higher is closer. */
  readonly similarity: number;
}

/** What is asked for in `update`; fields that are left out stay. */
export interface PatternUpdate {
  readonly features?: Float32Array | undefined;
  /** All labels, not those to add. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly metadata?: Partial<PatternMetadata> | undefined;
  readonly relationships?: ReadonlyMap<string, number> | undefined;
}

/** A vector, or a pattern, whose model is then checked. */
export type PatternQuery = Float32Array | Pick<AudioPattern, "features" | "model">;

/** Values that a label may have, by its key. */
export type LabelCriteria = Readonly<Record<string, string | readonly string[]>>;

/** Which patterns are meant: all conditions together. Where several values stand, any will do. */
export interface PatternCriteria {
  readonly ids?: readonly string[] | undefined;
  readonly source?: string | readonly string[] | undefined;
  /** `{ class: "dog" }`, `{ class: ["dog", "cat"], split: "train" }` */
  readonly labels?: LabelCriteria | undefined;
  /** Learnt at this time or later. */
  readonly since?: Date | undefined;
  /** Learnt before this time. */
  readonly until?: Date | undefined;
  readonly minConfidence?: number | undefined;
}

/** How a search is narrowed. It finds min(limit, patterns that match), always. */
export interface SearchOptions {
  /**
   * Minimum: 1.
   * @default 10
   */
  readonly limit?: number | undefined;
  readonly where?: PatternCriteria | undefined;
  /** Ids that are not to be found: the query's own, say. */
  readonly exclude?: readonly string[] | undefined;
  /** Patterns with one of these labels are not to be found. */
  readonly excludeLabels?: LabelCriteria | undefined;
  /**
   * From -1 to 1, taken with a slack of 1e-6: at 1 an identical vector is found.
   * @default -1: all
   */
  readonly minSimilarity?: number | undefined;
}

/** Where the patterns of one model are kept. */
export interface PatternStorageOptions {
  /**
   * Path, from where the process is now; made when it is missing. Several models share a folder;
   * each has a table in it. A URL, or `~`, is refused: neither would be on disk where it says.
   */
  readonly folder: string;
  readonly model: PatternModel & {
    /** Features of a pattern. */
    readonly dimension: number;
  };
  /**
   * More are refused with `store_limit`. Two processes that write at once may pass it by the
   * patterns of one commit.
   * @default no limit
   */
  readonly maxPatterns?: number | undefined;
  /**
   * Bytes of vectors that are searched in memory; above, LanceDB searches its files, as exactly.
   * @default 256 MB
   */
  readonly maxScanBytes?: number | undefined;
}

/** How a long write is watched, and stopped. */
export type StoreManyOptions = Pick<CallOptions, "signal" | "onProgress">;

/** A version of the table that could not be read and was moved aside at opening. */
export interface StoreRepair {
  /** Of the table: the one that was damaged. */
  readonly version: number;
  /** What was wrong with it, and in which file. */
  readonly damage: string;
  /** Where its manifest lies now. */
  readonly movedTo: string;
}

/** The state of a storage. Times and rates are since it was opened. */
export interface StorageMetrics {
  readonly totalPatterns: number;
  /**
   * Bytes of the vectors that the search holds in memory, with their spare room; ids and their
   * places take some more. 0 before the first search, and while LanceDB searches.
   */
  readonly memoryUsage: number;
  /** Seconds; 0 before the first search. */
  readonly avgQueryTime: number;
  /**
   * Share of searches that read no vectors from disk: those by LanceDB all do. 0 before the first
   * search.
   */
  readonly cacheHitRate: number;
  /** Bytes of the vectors over bytes on disk; below 1, since versions, ids and metadata count. */
  readonly compressionRatio: number;
  /** Bytes, with the versions that are kept. */
  readonly bytesOnDisk: number;
  /** Versions that could be opened. */
  readonly versions: number;
  /** Searches that came to an end, by `findSimilar` and `findSimilarIds`. */
  readonly queries: number;
  readonly commits: number;
  /** How searches go, now: in memory, or by LanceDB because `maxScanBytes` is passed. */
  readonly search: "memory" | "disk";
  readonly upkeep: {
    readonly runs: number;
    /** Why the last run failed; null when it did not. It failed no store. */
    readonly lastError: Error | null;
  };
  /** What was repaired at opening. */
  readonly repairs: readonly StoreRepair[];
}
