import { InvalidArgumentError } from "../../errors.ts";
import { showAs } from "../../shown-object.ts";
import { reaches } from "../storage/cosine.ts";
import type { PatternStorage } from "./pattern-storage.ts";
import { recognitionBundle, recognizerBundle } from "./shown-patterns.ts";
import type { PatternQuery, SearchOptions, SimilarPattern } from "./types.ts";

/** How sounds are recognised; the limits are the seed's. */
export interface PatternRecognitionOptions {
  /**
   * The label that is asked for.
   * @default "class"
   */
  readonly label?: string | undefined;
  /**
   * Patterns below this cosine do not vote; where none does, the sound is unknown. Taken with a
   * slack of 1e-6, as `minSimilarity`. Models differ: `calibrateThreshold` finds one.
   * @default 0.7
   */
  readonly similarityThreshold?: number | undefined;
  /**
   * The nearest patterns, of which those vote that are near enough.
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
  /** Share of the votes by label, weighted by similarity; empty where the sound is unknown. */
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
 * Says which label a sound has: that of the nearest patterns, or none when nothing with a label is
 * near.
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
    showAs(this, () => recognizerBundle(storage.folder, this.options));
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
    const near = candidates.filter((it) => reaches(it.similarity, similarityThreshold));
    const votes = countVotes(near, label);
    const [winner = null] = votes.keys();
    const similarity = candidates[0]?.similarity ?? -1;
    return showAs({ label: winner, similarity, candidates, votes }, recognitionBundle);
  }
}

/** The label of a pattern that may vote: one without it does not, nor an opposite. */
export function voteOf({ labels, similarity }: SimilarPattern, label: string): string | undefined {
  return similarity > 0 ? labels?.[label] : undefined;
}

/** Shares, highest first; of equal ones that of the nearer pattern. */
function countVotes(patterns: readonly SimilarPattern[], label: string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const pattern of patterns) {
    const name = voteOf(pattern, label);
    if (name !== undefined) sums.set(name, (sums.get(name) ?? 0) + pattern.similarity);
  }
  const total = [...sums.values()].reduce((sum, value) => sum + value, 0);
  const shares = [...sums].map(([name, sum]) => [name, sum / total] as const);
  return new Map(shares.toSorted(([, a], [, b]) => b - a));
}
