/** Features of audio. */
import type { CallOptions } from "../bridge/call-options.ts";
import type { ClipFailure, LongAudio, Pooling } from "../bridge/protocol.gen.ts";
import type { ResultEnvelope, TimeSpan } from "./result-envelope.ts";

/** How features are taken. */
export interface FeatureOptions extends CallOptions {
  /**
   * A name, its place in `layers` (from the end where negative), or `all`: those that are as wide as the
   * default one, a row each.
   * @default the model's `defaultLayer`
   */
  readonly layer?: string | number | undefined;
  /**
   * Over time; `mean_std` (statistics pooling) is mean and standard deviation, `none` keeps the frames,
   * one clip at a time.
   * @default "mean"
   */
  readonly pooling?: Pooling | undefined;
  /**
   * Clips that go through the model together; fewer, where they are longer than its
   * `secondsPerPass`.
   * @default 16
   */
  readonly batchSize?: number | undefined;
  /**
   * Of a clip longer than the model's `windowSeconds`: `truncate` hears its beginning, `error` refuses it
   * (`audio_too_long`), `windows` gives one clip a row for each window.
   * @default "truncate"
   */
  readonly longAudio?: LongAudio | undefined;
  /**
   * Of `longAudio: "windows"`.
   * @default the most that the model hears at once
   */
  readonly windowSeconds?: number | undefined;
  /**
   * From where one window begins to where the next does; at most a window. The last one is shorter.
   * @default windowSeconds
   */
  readonly hopSeconds?: number | undefined;
  /**
   * Scales each row to length 1, after pooling.
   * @default false
   */
  readonly l2?: boolean | undefined;
  /**
   * Take features that were computed before, by any process, from the disk, and keep those that are
   * computed now; not while a profile runs. `embed` and `learn` do; what is measured must not.
   * @default false
   */
  readonly cache?: boolean | undefined;
  /**
   * Of the call that features in the cache come from. Which clips are heard together changes the last bits:
   * with `same` features of several clips come from the disk only where all of them do, from a call of the
   * same clips in the same order on such a processor, and are equal to the bit.
   * @default "any"
   */
  readonly composition?: "any" | "same" | undefined;
  /** Takes the features, whose `data` is then the beginning of this array. */
  readonly out?: Float32Array | undefined;
}

/** Features of one clip or of several. */
export interface Features extends ResultEnvelope {
  /** C order: last index fastest. A clip that failed has a row of NaN. */
  readonly data: Float32Array;
  /**
   * One clip: [features], [frames, features] without pooling, or [windows, features] with
   * `longAudio: "windows"`. Several: [clips, features]. With `layer: "all"` each row is
   * [layers, features].
   */
  readonly shape: readonly number[];
  /** Its name, or `all`. */
  readonly layer: string;
  /** Names: the one, or those that `all` has stacked, in order. */
  readonly layers: readonly string[];
  readonly pooling: Pooling;
  readonly longAudio: LongAudio;
  /** Of `longAudio: "windows"`; null where a clip went whole. */
  readonly windowSeconds: number | null;
  readonly hopSeconds: number | null;
  /** Whether rows were scaled to length 1. */
  readonly l2: boolean;
  /** Per clip. */
  readonly secondsHeard: readonly number[];
  readonly secondsGiven: readonly number[];
  /** Encoding time per clip (a batch's time divided by its clips); 0 for one from the cache. */
  readonly clipSeconds: readonly number[];
  /** Per clip: its features were computed before. */
  readonly cached: readonly boolean[];
  /** What was heard of one clip, part by part; empty for several clips. */
  readonly windows: readonly TimeSpan[];
  readonly failures: readonly ClipFailure[];
}

/** How features are taken that come in parts. */
export interface FeatureStreamOptions
  extends Omit<FeatureOptions, "pooling" | "out" | "composition"> {
  /** @default "mean" */
  readonly pooling?: Exclude<Pooling, "none"> | undefined;
  /**
   * Batches that may be on their way, wait to be taken, or are worked on by the loop, at once.
   * @default 4
   */
  readonly window?: number | undefined;
}

/** Features of a batch of clips: those of like length come together. */
export interface FeaturesPart {
  /** Places of the clips in what was asked; the rows. */
  readonly indices: readonly number[];
  /** C order: last index fastest. */
  readonly data: Float32Array;
  /** [clips, features], or [clips, layers, features] */
  readonly shape: readonly number[];
  readonly secondsHeard: readonly number[];
  readonly secondsGiven: readonly number[];
  /** Encoding time per clip (a batch's time divided by its clips); 0 for one from the cache. */
  readonly clipSeconds: readonly number[];
  /** Per clip: its features were computed before. */
  readonly cached: readonly boolean[];
}

/** What is told when the last part has come; `failures` are the clips that were in none. */
export type FeaturesEnd = Omit<
  Features,
  "data" | "shape" | "secondsHeard" | "secondsGiven" | "clipSeconds" | "cached" | "windows"
>;
