import { InvalidArgumentError } from "../../errors.ts";
import type { PatternStorage } from "./pattern-storage.ts";
import type { PatternQuery, SearchOptions, SimilarPattern } from "./types.ts";

/** How sounds are recognised; the limits are the seed's. */
export interface PatternRecognitionOptions {
  /**
   * The label that is asked for.
   * @default "class"
   */
  readonly label?: string | undefined;
  /**
   * Below this cosine the sound is unknown. Models differ: `calibrateThreshold` finds one.
   * @default 0.7
   */
  readonly similarityThreshold?: number | undefined;
  /**
   * Patterns that vote.
   * @default 5
   */
  readonly maxCandidates?: number | undefined;
}

/** What a sound was taken for. */
export interface RecognitionResult {
  /** Null: unknown. */
  readonly label: string | null;
  /** Of the nearest pattern; -1, the lowest cosine, where there is none to compare with. */
  readonly similarity: number;
  /** The nearest patterns, nearest first. */
  readonly candidates: readonly SimilarPattern[];
  /** Share of the votes by label, weighted by similarity; empty where nothing votes. */
  readonly votes: ReadonlyMap<string, number>;
}

/** Patterns that are left out of a recognition. */
export type RecognitionQueryOptions = Pick<SearchOptions, "exclude" | "excludeLabels">;

/** Options with their defaults. */
export interface RecognitionSettings {
  readonly label: string;
  readonly similarityThreshold: number;
  readonly maxCandidates: number;
}

/**
 * Says which label a sound has: that of the nearest patterns, or none when nothing is near.
 *
 * @example
 * const recognizer = new PatternRecognizer(storage, { label: "class" });
 * const { label } = await recognizer.recognize(features);
 */
export class PatternRecognizer {
  readonly storage: PatternStorage;
  readonly options: RecognitionSettings;

  /** @throws InvalidArgumentError a threshold that is no cosine, or no candidates */
  constructor(storage: PatternStorage, options: PatternRecognitionOptions = {}) {
    const { label = "class", similarityThreshold = 0.7, maxCandidates = 5 } = options;
    if (!(similarityThreshold >= -1 && similarityThreshold <= 1)) {
      const expected = "a cosine, from -1 to 1";
      throw new InvalidArgumentError("similarityThreshold", expected, similarityThreshold);
    }
    if (!Number.isInteger(maxCandidates) || maxCandidates < 1) {
      throw new InvalidArgumentError("maxCandidates", "a whole number >= 1", maxCandidates);
    }
    this.storage = storage;
    this.options = { label, similarityThreshold, maxCandidates };
  }

  /**
   * @param options `exclude` the query's own pattern; `excludeLabels` its source, say
   * @throws FeatureMemoryError the query is of another model or length, or not finite
   */
  async recognize(
    query: PatternQuery,
    options: RecognitionQueryOptions = {},
  ): Promise<RecognitionResult> {
    const { label, similarityThreshold, maxCandidates } = this.options;
    const candidates = await this.storage.findSimilar(query, { ...options, limit: maxCandidates });
    const similarity = candidates[0]?.similarity ?? -1;
    const votes = countVotes(candidates, label);
    const [winner] = votes.keys();
    const isKnown = similarity >= similarityThreshold && winner !== undefined;
    return { label: isKnown ? winner : null, similarity, candidates, votes };
  }
}

/** Shares, highest first; of equal ones that of the nearer pattern. Opposites do not vote. */
function countVotes(candidates: readonly SimilarPattern[], label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, similarity } of candidates) {
    const name = labels?.[label];
    if (name === undefined || similarity <= 0) continue;
    sums.set(name, (sums.get(name) ?? 0) + similarity);
  }
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  const shares = [...sums].map(([name, sum]) => [name, sum / total] as const);
  return new Map(shares.toSorted(([, a], [, b]) => b - a));
}
