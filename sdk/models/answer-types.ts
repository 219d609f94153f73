/** Questions about audio, and their answers. */
import type { AudioInput } from "../audio/audio-input.ts";
import type { CallOptions } from "../bridge/call-options.ts";
import type { ClipFailure, LongAudio, Preset } from "../bridge/protocol.gen.ts";
import type { ResultEnvelope, TimeSpan } from "./result-envelope.ts";

/** How an answer is written. Greedy, unless `doSample` or a preset is set: a comparison asks twice. */
export interface ProcessingOptions extends CallOptions {
  /** @default the model's own request for a description */
  readonly prompt?: string | undefined;
  /**
   * Sampling as the released scripts do it; what is set beside it takes the place of the preset's own.
   * @default greedy
   */
  readonly preset?: Preset | undefined;
  /** @default 100 */
  readonly maxNewTokens?: number | undefined;
  /** @default false */
  readonly doSample?: boolean | undefined;
  /** @default 1 */
  readonly temperature?: number | undefined;
  /** @default 1 */
  readonly topP?: number | undefined;
  /**
   * 0: all tokens.
   * @default 0
   */
  readonly topK?: number | undefined;
  /** @default 1 */
  readonly repetitionPenalty?: number | undefined;
  /** @default 0 */
  readonly seed?: number | undefined;
  /**
   * Uses what the model kept of the same samples from an earlier question, and keeps them for the next
   * one; the answer is the same without.
   * @default true
   */
  readonly cache?: boolean | undefined;
  /**
   * Of a clip longer than the model's `windowSeconds`: `truncate` hears its beginning, `error` rejects
   * with `audio_too_long`, `windows` asks about each window (`windows` of the result).
   * @default "truncate"
   */
  readonly longAudio?: LongAudio | undefined;
}

/** The answer about one window of a clip. */
export interface WindowAnswer extends TimeSpan {
  readonly text: string;
  readonly tokens: number;
  readonly stopReason: "end" | "length";
}

/** An answer about a clip. */
export interface Answer {
  /** About several windows: a line for each. */
  readonly text: string;
  readonly prompt: string;
  readonly tokens: number;
  /** `length`: it was cut off at `maxNewTokens`. */
  readonly stopReason: "end" | "length";
  readonly secondsHeard: number;
  readonly secondsGiven: number;
  /** The audio was kept from an earlier question: only the answer was computed. */
  readonly cached: boolean;
  /** What was heard, and the answer about it: one window, or several with `longAudio: "windows"`. */
  readonly windows: readonly WindowAnswer[];
}

/** The answer to a single question. */
export interface ProcessedAudio extends Answer, ResultEnvelope {}

/** How an answer is written that comes in pieces. */
export interface AnswerStreamOptions extends ProcessingOptions {
  /**
   * Pieces that may be on their way, wait to be taken, or are worked on by the loop, at once.
   * @default 4
   */
  readonly window?: number | undefined;
}

/** Text as it is written. */
export interface TextPiece {
  /** Of which window of the clip it is, from 0. */
  readonly window: number;
  /** Joined, the pieces of a window are its answer. */
  readonly text: string;
}

/** One of several questions. */
export interface AudioQuestion {
  readonly audio: AudioInput;
  /** @default the model's own request for a description */
  readonly prompt?: string | undefined;
}

/** How several questions are answered: alike. */
export interface DescribeOptions extends Omit<ProcessingOptions, "prompt"> {
  /**
   * Takes the answers from the disk where the same call was made before, by any process, and keeps those that
   * are computed now: whole calls, equal to the bit, with nothing from the model's memory (`cache`); not while
   * a profile runs. A question is asked again to see it answered, or timed: studies alone take it from there.
   * @default false
   */
  readonly disk?: boolean | undefined;
}

/** Answers to several questions. */
export interface Answers extends ResultEnvelope {
  /** In the order of the questions; `undefined` where the clip could not be used. */
  readonly answers: readonly (Answer | undefined)[];
  /** All of it was computed before, by a call that was the same. */
  readonly fromDisk: boolean;
  /** `index` is the place of the question. */
  readonly failures: readonly ClipFailure[];
}
