import type { AudioInput } from "../audio/audio-input.ts";
import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type {
  Attention,
  Capability,
  ClipFailure,
  DType,
  LongAudio,
  ModelDescription,
  Pooling,
  Preset,
  Quantization,
  Weights,
} from "../bridge/protocol.gen.ts";
import type { MemoryUsage } from "./memory-usage.ts";
import type { ScoredAudio, ScoredClips, ScoreOptions } from "./score-types.ts";
import type { TranscribeOptions, Transcript, Transcripts } from "./transcript.ts";

/** Which model, where. */
export interface ServiceOptions {
  /** A shipped name, a baseline, or a folder with a `config.json`. */
  readonly model?: string | undefined;
  /** @default the process that all services share */
  readonly bridge?: GAMABridge | undefined;
  /**
   * `cpu`, `cuda`, `cuda:1`.
   * @default GRYM_DEVICE, else CUDA where there is one
   */
  readonly device?: string | undefined;
  /** @default GAMA_QUANTIZATION for GAMA, else "float32" */
  readonly dtype?: DType | undefined;
  /**
   * `random`: the same architecture, freshly initialised; a baseline.
   * @default "trained"
   */
  readonly weights?: Weights | undefined;
  /**
   * For `random` weights.
   * @default 0
   */
  readonly seed?: number | undefined;
  /** @default what transformers chooses: "sdpa", wherever the model has it */
  readonly attention?: Attention | undefined;
  /** @default GAMA_QUANTIZATION for GAMA, else "none" */
  readonly quantization?: Quantization | undefined;
}

/** Facts about a loaded model. */
export interface ModelInfo {
  readonly modelId: string;
  readonly revision: string;
  readonly family: ModelDescription["family"];
  readonly weights: Weights;
  readonly device: string;
  readonly dtype: DType;
  /** Hz; audio of any other rate is resampled. */
  readonly sampleRate: number;
  /** The model hears at most this much of a clip; null when it hears all. */
  readonly windowSeconds: number | null;
  /** Most audio in one forward pass, after padding; a larger batch is split. null: it goes whole. */
  readonly secondsPerPass: number | null;
  /** Of the default layer; another one may be of another width. */
  readonly embeddingDim: number;
  readonly layers: readonly string[];
  readonly defaultLayer: string;
  readonly capabilities: readonly Capability[];
  readonly parameters: number;
  /** Kinds of question that the model was shown to have learnt. */
  readonly offers: readonly string[];
  /** Names in the weights' files that no part of the model uses. */
  readonly extras: readonly string[];
  /** What loading found out of the ordinary, a sentence each: merged LoRA, replaced tensors, ... */
  readonly notes: readonly string[];
  /** How the language model, or the encoder, computes it; null for a baseline, which has none. */
  readonly attention: Attention | null;
  /** Of the language model. */
  readonly quantization: Quantization;
}

/** What stands on every result: which model, in which form. */
export interface ResultEnvelope {
  readonly modelId: string;
  readonly revision: string;
  readonly device: string;
  readonly dtype: DType;
  /** Seconds, Python's own work. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

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

/** A part of a clip, in seconds from where what was given begins. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
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
export type DescribeOptions = Omit<ProcessingOptions, "prompt">;

/** Answers to several questions. */
export interface Answers extends ResultEnvelope {
  /** In the order of the questions; `undefined` where the clip could not be used. */
  readonly answers: readonly (Answer | undefined)[];
  /** `index` is the place of the question. */
  readonly failures: readonly ClipFailure[];
}

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
export interface FeatureStreamOptions extends Omit<FeatureOptions, "pooling" | "out"> {
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

/** A service and the process behind it. */
export interface ModelStatus {
  readonly isLoaded: boolean;
  readonly model: ModelInfo | undefined;
  readonly pid: number;
  readonly device: string;
  /** How bulk data crosses. */
  readonly plane: "shared_memory" | "file" | "json";
  /** Bytes. */
  readonly residentMemory: number;
  /** What torch holds on the CUDA devices, bytes; null without CUDA. */
  readonly deviceAllocated: number | null;
  /** What the machine can still give, bytes; on CUDA free memory of the device. */
  readonly memoryAvailable: number;
  /** What the models keep of audio for further questions, bytes. */
  readonly keptBytes: number;
  /** Seconds since the process started. */
  readonly uptime: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** One model behind its verbs; the seed's interface, with batches and call options. */
export interface ModelService extends AsyncDisposable {
  /** Loads the model. Calls do so by themselves; this one shows progress and tells the facts. */
  initialize(options?: CallOptions): Promise<ModelInfo>;
  processAudio(audio: AudioInput, options?: ProcessingOptions): Promise<ProcessedAudio>;
  /**
   * The answer of `processAudio` while it is written; the return value is the whole. Leaving the loop
   * ends the writing at the next token. A generator that is taken by hand needs its `return()`.
   *
   * @example
   * for await (const { text } of gama.streamAnswer("clip.wav")) process.stdout.write(text);
   */
  streamAnswer(
    audio: AudioInput,
    options?: AnswerStreamOptions,
  ): AsyncGenerator<TextPiece, ProcessedAudio, void>;
  /**
   * Answers several questions, about one clip or about several, together: each answer is the one that
   * its question gets alone. A clip that comes in several questions is heard once; a broken one costs
   * its own answers only.
   *
   * @example
   * const asked = clips.map((audio) => ({ audio, prompt: "What do you hear?" }));
   * const { answers } = await gama.describe(asked);
   */
  describe(questions: readonly AudioQuestion[], options?: DescribeOptions): Promise<Answers>;
  /**
   * How likely each candidate is as the answer about the clip, all of them in one pass: a ranking of
   * labels without sampling, and without a text to be mapped to a label.
   *
   * @throws CapabilityError the model has no language model, or has not learnt such questions
   * @example
   * const { best } = await gama.score("clip.wav", ["piano", "guitar"], { prompt: "What do you hear?" });
   */
  score(
    audio: AudioInput,
    candidates: readonly string[],
    options?: ScoreOptions,
  ): Promise<ScoredAudio>;
  /** The same about each of several clips; a broken one is listed, and costs its own scores only. */
  score(
    audios: readonly AudioInput[],
    candidates: readonly string[],
    options?: ScoreOptions,
  ): Promise<ScoredClips>;
  /**
   * What was said in the clip, word by word with times: models with a CTC head
   * (`capabilities` has `transcribe`).
   *
   * @throws CapabilityError the model has no such head; the message says which have
   * @example
   * const { text, words } = await model.transcribe("speech.wav");
   */
  transcribe(audio: AudioInput, options?: TranscribeOptions): Promise<Transcript>;
  /** The same of each of several clips; a broken one is listed, and costs its own transcript only. */
  transcribe(audios: readonly AudioInput[], options?: TranscribeOptions): Promise<Transcripts>;
  extractFeatures(
    audio: AudioInput | readonly AudioInput[],
    options?: FeatureOptions,
  ): Promise<Features>;
  /**
   * Features of any number of clips, in memory that stays flat: Python works `window` batches ahead.
   * The loop may make other calls meanwhile, and leaving it cancels this one. A generator that is
   * taken by hand needs its `return()`: see `GAMABridge.stream`.
   */
  streamFeatures(
    audios: readonly AudioInput[],
    options?: FeatureStreamOptions,
  ): AsyncGenerator<FeaturesPart, FeaturesEnd, void>;
  status(options?: CallOptions): Promise<ModelStatus>;
  shutdown(): Promise<void>;
}
