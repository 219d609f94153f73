// Generated from python/src/gama_operations/protocol.py by `npm run protocol`; do not edit.
// The one source of these types is that file; `npm run protocol -- --check` finds drift.

export type Weights = "random" | "trained";

export type DType = "bfloat16" | "float16" | "float32";

export type Capability = "describe" | "embed";

/** The seed's forms (a path, a plain array at the model's rate), or the full description. */
export type Audio = string | number[] | AudioSource;

export type Pooling = "mean" | "mean_std" | "none";

export type ErrorCode =
  | "audio_not_found"
  | "audio_too_long"
  | "cancelled"
  | "internal"
  | "invalid_audio"
  | "invalid_request"
  | "message_too_large"
  | "model_invalid"
  | "model_not_found"
  | "not_capable"
  | "out_of_memory"
  | "shutting_down"
  | "stale_tensor"
  | "unknown_operation"
  | "unsupported_format";

/** Chosen by the client, echoed by the process. */
export type Id = number | string;

/** What the process writes: one of these on each line. */
export type Message = ResultMessage | ErrorMessage | ReadyMessage | ProgressMessage | LogMessage;

/** Each operation: what it takes and what it answers. */
export interface Operations {
  ping: {
    data: PingData;
    result: PingResult;
  };
  status: {
    data: StatusData;
    result: StatusResult;
  };
  load_model: {
    data: LoadModelData;
    result: LoadModelResult;
  };
  unload_model: {
    data: UnloadModelData;
    result: UnloadModelResult;
  };
  process_audio: {
    data: ProcessAudioData;
    result: ProcessAudioResult;
  };
  extract_features: {
    data: ExtractFeaturesData;
    result: ExtractFeaturesResult;
  };
  probe: {
    data: ProbeData;
    result: ProbeResult;
  };
  compare: {
    data: CompareData;
    result: CompareResult;
  };
  release: {
    data: ReleaseData;
    result: ReleaseResult;
  };
  cancel: {
    data: CancelData;
    result: CancelResult;
  };
  shutdown: {
    data: ShutdownData;
    result: ShutdownResult;
  };
}

/** Parameters of `ping`. */
export type PingData = Record<string, never>;

/** Result of `ping`; answered by the reader thread, also while a model computes. */
export interface PingResult {
  status: "ok";
  device: string;
  /** Bytes that the machine can still give (on CUDA: free memory of the device). */
  memory_available: number;
  busy: boolean;
  queued: number;
}

/** Parameters of `status`. */
export type StatusData = Record<string, never>;

/** Result of `status`. */
export interface StatusResult {
  models: ModelDescription[];
  device: string;
  pid: number;
  uptime: number;
  resident_memory: number;
  memory_available: number;
  /** How bulk data crosses. */
  plane: "file" | "json" | "shared_memory";
  requests: number;
  versions: {
    [k: string]: string;
  };
}

/** A loaded model. */
export interface ModelDescription {
  model_id: string;
  revision: string;
  family: "gama" | "statistics" | "wav2vec2";
  weights: Weights;
  device: string;
  dtype: DType;
  sample_rate: number;
  /** The model hears at most this much of a clip; null when it hears all. */
  window_seconds: number | null;
  embedding_dim: number;
  layers: string[];
  default_layer: string;
  capabilities: Capability[];
  parameters: number;
  /** Kinds of question that the model was shown to have learnt; empty where nobody measured. */
  offers: string[];
}

/** Parameters of `load_model`. */
export interface LoadModelData {
  /** A shipped name (`gama-tiny`, `wav2vec2-tiny`), a baseline (`fbank`, `mfcc-20`), or a folder. */
  model: string;
  /** `cpu`, `cuda`, `cuda:1`; default `GRYM_DEVICE`, else `GAMA_DEVICE`, else CUDA where there is one. */
  device?: string | null;
  /** Of the weights; default float32, for GAMA what `GAMA_QUANTIZATION` names. */
  dtype?: DType | null;
  /**
   * `random`: the same architecture, freshly initialised from `seed`; a baseline.
   * @default "trained"
   */
  weights?: Weights;
  /** @default 0 */
  seed?: number;
}

/** Result of `load_model`. Progress stages: import, read, build. */
export interface LoadModelResult {
  model: ModelDescription;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** The seed's MemoryTracker fields, with the exact peak of each phase. */
export interface MemoryUsage {
  start_memory: number;
  peak_memory: number;
  end_memory: number;
  /** peak_memory - start_memory. */
  used_memory: number;
  /** How the peak was measured: the kernel's mark reset per phase, or a weaker way. */
  peak_source: "high_water_mark" | "lifetime_peak" | "sampled";
  phases: MemoryPhase[];
}

/** Memory of one phase of an operation (load, decode, frontend, encode, generate, probe). */
export interface MemoryPhase {
  phase: string;
  seconds: number;
  /** Highest resident memory in the phase, bytes. */
  peak: number;
  /** Anonymous resident memory at the end of the phase, bytes. */
  anonymous: number;
  /** File-mapped resident memory at the end of the phase (mapped weights count here), bytes. */
  file_mapped: number;
  /** Most that torch allocated in the phase, summed over CUDA devices, bytes; null without CUDA. */
  device_peak: number | null;
}

/** Parameters of `unload_model`. */
export interface UnloadModelData {
  model_id: string;
}

/** Result of `unload_model`. */
export interface UnloadModelResult {
  /** False when no such model was loaded. */
  unloaded: boolean;
  memory_usage: MemoryUsage;
}

/** Parameters of `process_audio`: ask a model about one clip. */
export interface ProcessAudioData {
  audio: Audio;
  /** Default: the model's own request for a description. */
  prompt?: string | null;
  /** Id of a loaded model, or a name that is loaded first; default `GAMA_MODEL_PATH`, else `gama-tiny`. */
  model?: string | null;
  options?: GenerationOptions;
}

/** One piece of audio: a file or samples, and which part of it. */
export interface AudioSource {
  /** A file that libsndfile reads (wav, flac, ogg, mp3), or PyAV where it is installed. */
  path?: string | null;
  /** Float samples in [-1, 1]: shape [samples] or [channels, samples]. */
  samples?: number[] | Tensor | null;
  /** Rate of `samples` in Hz; needed with a tensor, the model's own rate for a plain array. */
  sample_rate?: number | null;
  /**
   * Start, in seconds.
   * @default 0
   */
  offset?: number;
  /** Length in seconds; to the end when absent. */
  duration?: number | null;
}

/** A tensor inside any JSON value, as `{"$t": {...}}`. */
export interface Tensor {
  $t: TensorReference;
}

/** Where a tensor's bytes are: little-endian, C order. */
export interface TensorReference {
  dtype: "float32" | "float64" | "int16" | "int32" | "int64" | "uint8";
  shape: number[];
  /** Byte offset into the sender's arena; absent when the bytes are inline. */
  offset?: number | null;
  /**
   * Generation of the slot; a reference to a slot that was freed is `stale_tensor`.
   * @default 0
   */
  generation?: number;
  /** The bytes themselves, where no arena is shared. */
  base64?: string | null;
}

/**
 * How `process_audio` writes its answer. Greedy, unless `do_sample` is set.
 *
 * The seed samples by default; a comparison needs the same answer twice, so we do not.
 */
export interface GenerationOptions {
  /** @default 100 */
  max_new_tokens?: number;
  /** @default false */
  do_sample?: boolean;
  /** @default 1 */
  temperature?: number;
  /** @default 1 */
  top_p?: number;
  /**
   * 0: all tokens.
   * @default 0
   */
  top_k?: number;
  /** @default 1 */
  repetition_penalty?: number;
  /** @default 0 */
  seed?: number;
}

/** Result of `process_audio`. */
export interface ProcessAudioResult {
  result: string;
  prompt: string;
  tokens: number;
  stop_reason: "end" | "length";
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  seconds_heard: number;
  seconds_given: number;
}

/** Parameters of `extract_features`: give `audio` or `audios`. Progress stage: encode. */
export interface ExtractFeaturesData {
  audio?: Audio | null;
  audios?: Audio[] | null;
  model?: string | null;
  /** One of the model's `layers`; its `default_layer` when absent. */
  layer?: string | null;
  /** @default "mean" */
  pooling?: Pooling;
  /** @default 16 */
  batch_size?: number;
  /** Default: a tensor where an arena is shared, otherwise JSON arrays. */
  reply?: ("json" | "tensor") | null;
}

/**
 * Result of `extract_features`.
 *
 * `features`: `audio` gives [features] (pooled) or [frames, features] (`pooling: none`),
 * `audios` gives [clips, features]; `pooling: none` takes one clip at a time.
 */
export interface ExtractFeaturesResult {
  features: unknown[] | Tensor;
  shape: number[];
  layer: string;
  pooling: Pooling;
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  /** Per clip. */
  seconds_heard: number[];
  seconds_given: number[];
  /** Encoding time per clip (a batch's time divided by its clips). */
  clip_seconds: number[];
  failures: ClipFailure[];
}

/** A clip of a batch that could not be used; its row of features is NaN (null in JSON). */
export interface ClipFailure {
  index: number;
  code: ErrorCode;
  message: string;
}

/** Parameters of `probe`: can the label be read off the features, on sources never seen? */
export interface ProbeData {
  /** [clips, features]. */
  features: number[][] | Tensor;
  labels: string[];
  /** Source of each clip (preset, voice, speaker): no source stands in training and test fold at once. */
  groups: string[];
  kind: "knn" | "linear";
  /** @default 5 */
  folds?: number;
  /** @default 0 */
  seed?: number;
}

/** Result of `probe`. Same labels, groups, folds and seed give the same folds for every model. */
export interface ProbeResult {
  accuracy: number;
  interval: Interval | null;
  /** Why there is no interval. */
  reason: string | null;
  /** Per clip, when it was in the test fold. */
  correct: boolean[];
  predictions: string[];
  fold: number[];
  /** Per fold: what was chosen inside the training fold, for example `alpha=10`. */
  settings: string[];
  /** Accuracy of always saying the training fold's most frequent label. */
  majority: number;
  sources: number;
  processing_time: number;
}

/** A confidence interval. */
export interface Interval {
  low: number;
  high: number;
  level: number;
  /** For example `cluster jackknife, t(23)`. */
  method: string;
}

/** Parameters of `compare`: outcomes of two arms on the same clips. */
export interface CompareData {
  a: number[];
  b: number[];
  groups: string[];
  /** @default 0.95 */
  level?: number;
  /** @default 9999 */
  permutations?: number;
  /** @default 0 */
  seed?: number;
}

/** Result of `compare`: difference of means a - b, by source. */
export interface CompareResult {
  difference: number;
  interval: Interval | null;
  reason: string | null;
  /** Sign-flip permutation of whole sources, two-sided; null below 10 sources. */
  p_value: number | null;
  test: string | null;
  mean_a: number;
  mean_b: number;
  /** Clips where a is better. */
  only_a: number;
  only_b: number;
  clips: number;
  sources: number;
}

/** Parameters of `release`: result tensors that the client has copied out. Without an id, no answer. */
export interface ReleaseData {
  generations: number[];
}

/** Result of `release`. */
export interface ReleaseResult {
  released: number;
}

/** Parameters of `cancel`: a queued request is dropped, a running one stops at its next batch or token. */
export interface CancelData {
  id: Id;
}

/** Result of `cancel`. */
export interface CancelResult {
  state: "queued" | "running" | "unknown";
}

/** Parameters of `shutdown`. */
export type ShutdownData = Record<string, never>;

/** Result of `shutdown`: written before the process ends with code 0. */
export interface ShutdownResult {
  status: "bye";
}

/** The answer to a request. */
export interface ResultMessage {
  id: Id;
  result: unknown;
}

/** The answer to a request that failed. */
export interface ErrorMessage {
  id: Id;
  error: WireError;
}

/** An error that crossed the wire. */
export interface WireError {
  code: ErrorCode;
  message: string;
  /** Python class of the error. */
  type: string;
  /**
   * The Python traceback as text, at most 16 kB.
   * @default ""
   */
  traceback?: string;
  details?: {
    [k: string]: unknown;
  };
}

/** The first line. */
export interface ReadyMessage {
  event: "ready";
  data: Ready;
}

/** Data of the event `ready`: the first line, before torch is imported. */
export interface Ready {
  protocol: number;
  pid: number;
  python: string;
  operations: string[];
  arena: boolean;
}

/** How far the request `id` has come; at most 20 a second. */
export interface ProgressMessage {
  event: "progress";
  id: Id;
  data: Progress;
}

/** Data of the event `progress`. */
export interface Progress {
  stage: string;
  done: number;
  total: number;
  /** @default "" */
  unit?: string;
  /** @default "" */
  message?: string;
}

/** A remark of the process. */
export interface LogMessage {
  event: "log";
  data: Log;
}

/** Data of the event `log`: what happened to a line that belongs to no request. */
export interface Log {
  level: "error" | "warning";
  message: string;
}

/** What the client writes. `release` and `cancel` may come without an id, and get no answer then. */
export interface Request {
  operation: string;
  id?: Id | null;
  data?: {
    [k: string]: unknown;
  };
}

/** Version of the protocol that `ready` must name. */
export const PROTOCOL_VERSION = 1;

/** Longest line that either side reads, in bytes; bulk data goes beside the lines. */
export const MAX_LINE_BYTES = 67108864;

/** Operations that may be sent again after a crash. */
export const REPEATABLE: Readonly<Record<keyof Operations, boolean>> = {
  ping: true,
  status: true,
  load_model: true,
  unload_model: true,
  process_audio: true,
  extract_features: true,
  probe: true,
  compare: true,
  release: false,
  cancel: false,
  shutdown: false,
};
