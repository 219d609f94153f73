import type { CallOptions } from "../bridge/call-options.ts";
import type { ClipFailure } from "../bridge/protocol.gen.ts";
import type { ResultEnvelope } from "./result-envelope.ts";

/** How candidates are scored. */
export interface ScoreOptions extends CallOptions {
  /** @default the model's own request for a description */
  readonly prompt?: string | undefined;
  /**
   * Whether it counts that the answer ends with the candidate. Without, one that begins another one
   * ("dog", "dog and rain") is always the likelier of the two.
   * @default true
   */
  readonly end?: boolean | undefined;
  /**
   * Uses what the model kept of the same samples from an earlier question, and keeps them for the next.
   * @default true
   */
  readonly cache?: boolean | undefined;
  /**
   * Takes the scores from the disk where the same call was made before, and keeps those that are computed now,
   * as `describe` does.
   * @default false
   */
  readonly disk?: boolean | undefined;
  /**
   * A clip longer than the model's `windowSeconds`: its beginning is heard, or it is refused.
   * @default "truncate"
   */
  readonly longAudio?: "truncate" | "error" | undefined;
}

/** How likely each candidate is as the answer about a clip, in the order of the candidates. */
export interface ClipScores {
  /** The candidate of the highest `logProbabilities`. */
  readonly best: string;
  /** Natural logarithm: the sum over the candidate's tokens. */
  readonly logProbabilities: readonly number[];
  /** The same by token: for candidates of which some are longer than others. */
  readonly meanLogProbabilities: readonly number[];
  readonly secondsHeard: number;
  readonly secondsGiven: number;
  /** The audio was kept from an earlier question. */
  readonly cached: boolean;
}

/** What was asked, and of whom. */
interface ScoredQuestion extends ResultEnvelope {
  readonly prompt: string;
  readonly candidates: readonly string[];
  /** Per candidate, with the end of the answer where it counts. */
  readonly tokens: readonly number[];
  /** All of it was computed before, by a call that was the same. */
  readonly fromDisk: boolean;
}

/** Scores about one clip. */
export interface ScoredAudio extends ScoredQuestion, ClipScores {}

/** Scores about several clips. */
export interface ScoredClips extends ScoredQuestion {
  /** `undefined` for a clip that could not be used: `failures` says why. */
  readonly clips: readonly (ClipScores | undefined)[];
  readonly failures: readonly ClipFailure[];
}
