import type { AudioInput } from "../audio/audio-input.ts";
import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type {
  Attention,
  Capability,
  DType,
  ModelCard,
  ModelDescription,
  Quantization,
  Weights,
} from "../bridge/protocol.gen.ts";
import type {
  AnswerStreamOptions,
  Answers,
  AudioQuestion,
  DescribeOptions,
  ProcessedAudio,
  ProcessingOptions,
  TextPiece,
} from "./answer-types.ts";
import type {
  FeatureOptions,
  FeatureStreamOptions,
  Features,
  FeaturesEnd,
  FeaturesPart,
} from "./feature-types.ts";
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
  /** What its folder says of licence and citation. */
  readonly card: Readonly<ModelCard>;
}

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
