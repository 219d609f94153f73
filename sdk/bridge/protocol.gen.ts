// Generated from python/src/gama_operations/protocol/ by `npm run protocol`; do not edit.
// The one source of these types is that folder; `npm run protocol -- --check` finds drift.

export type Weights = "random" | "trained";

export type DType = "bfloat16" | "float16" | "float32";

export type Capability = "describe" | "embed" | "score" | "transcribe";

/** How transformers computes attention; `flash_attention_2` needs CUDA and its package. */
export type Attention = "eager" | "flash_attention_2" | "sdpa";

export type Quantization = "4bit" | "8bit" | "none";

/** The seed's forms (a path, a plain array at the model's rate), or the full description. */
export type Audio = string | number[] | AudioSource;

export type TensorType =
  | "float16"
  | "float32"
  | "float64"
  | "int16"
  | "int32"
  | "int64"
  | "int8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "uint8";

/**
 * Sampling as the released scripts do it: `gama_inf.py` (temperature 0.1, top_p 0.95, top_k 500, repetition
 * penalty 1.1, 400 tokens), and `gama_inf_single_audio.py` (the same with top_k 50 and without a penalty).
 */
export type Preset = "official-inference" | "official-single-audio";

/**
 * What happens to a clip that is longer than the model's `window_seconds`: its beginning is heard, or it is
 * refused (`audio_too_long`), or it is heard in windows one after the other.
 */
export type LongAudio = "error" | "truncate" | "windows";

export type ErrorCode =
  | "audio_not_found"
  | "audio_too_long"
  | "cancelled"
  | "disk_full"
  | "hub_unreachable"
  | "internal"
  | "invalid_audio"
  | "invalid_request"
  | "message_too_large"
  | "model_gated"
  | "model_invalid"
  | "model_not_found"
  | "not_capable"
  | "out_of_memory"
  | "shutting_down"
  | "stale_tensor"
  | "unknown_operation"
  | "unsupported_format";

export type Pooling = "mean" | "mean_std" | "none";

/** Holm's correction for the primary comparisons, Benjamini and Hochberg's for those not declared. */
export type Family = "exploratory" | "primary";

/** What is claimed of arm a against arm b before a study runs. */
export type Claim = "equivalent" | "not worse" | "superior";

export type VerdictWord = "better" | "equivalent" | "not worse" | "undecided" | "worse";

/** Chosen by the client, echoed by the process. */
export type Id = number | string;

/** What the process writes: one of these on each line. */
export type Message =
  ResultMessage | ErrorMessage | ReadyMessage | ProgressMessage | PartMessage | LogMessage;

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
    part: TextPart;
  };
  describe: {
    data: DescribeData;
    result: DescribeResult;
  };
  score: {
    data: ScoreData;
    result: ScoreResult;
  };
  transcribe: {
    data: TranscribeData;
    result: TranscribeResult;
  };
  extract_features: {
    data: ExtractFeaturesData;
    result: ExtractFeaturesResult;
    part: FeaturesPart;
  };
  inspect_audio: {
    data: InspectAudioData;
    result: InspectAudioResult;
  };
  plant_copy: {
    data: PlantCopyData;
    result: PlantCopyResult;
  };
  near_duplicates: {
    data: NearDuplicatesData;
    result: NearDuplicatesResult;
  };
  probe: {
    data: ProbeData;
    result: ProbeResult;
  };
  few_shot: {
    data: FewShotData;
    result: FewShotResult;
  };
  probe_tags: {
    data: ProbeTagsData;
    result: ProbeTagsResult;
  };
  retrieve: {
    data: RetrieveData;
    result: RetrieveResult;
  };
  compare: {
    data: CompareData;
    result: CompareResult;
  };
  judge: {
    data: JudgeData;
    result: JudgeResult;
  };
  power: {
    data: PowerData;
    result: PowerResult;
  };
  anytime: {
    data: AnytimeData;
    result: AnytimeResult;
  };
  judge_cost: {
    data: JudgeCostData;
    result: JudgeCostResult;
  };
  read_energy: {
    data: ReadEnergyData;
    result: ReadEnergyResult;
  };
  cluster: {
    data: ClusterData;
    result: ClusterResult;
  };
  download_model: {
    data: DownloadModelData;
    result: DownloadModelResult;
  };
  add_model: {
    data: AddModelData;
    result: AddModelResult;
  };
  verify_model: {
    data: VerifyModelData;
    result: VerifyModelResult;
  };
  list_models: {
    data: ListModelsData;
    result: ListModelsResult;
  };
  remove_model: {
    data: RemoveModelData;
    result: RemoveModelResult;
  };
  start_profile: {
    data: StartProfileData;
    result: StartProfileResult;
  };
  stop_profile: {
    data: StopProfileData;
    result: StopProfileResult;
  };
  free_memory: {
    data: FreeMemoryData;
    result: FreeMemoryResult;
  };
  release: {
    data: ReleaseData;
    result: ReleaseResult;
  };
  upload: {
    data: UploadData;
    result: UploadResult;
  };
  credit: {
    data: CreditData;
    result: CreditResult;
  };
  cancel: {
    data: CancelData;
    result: CancelResult;
  };
  attach_client: {
    data: AttachClientData;
    result: AttachClientResult;
  };
  detach_client: {
    data: DetachClientData;
    result: DetachClientResult;
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
  /** What torch holds on the CUDA devices, bytes; null without CUDA. */
  device_allocated: number | null;
  memory_available: number;
  /**
   * What the models keep of audio for further questions, in the process or on the device; `free_memory`
   * gives it back.
   */
  kept_bytes: number;
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
  family:
    | "ast"
    | "audio-flamingo-3"
    | "clap"
    | "gama"
    | "qwen2-audio"
    | "statistics"
    | "wav2vec2"
    | "whisper";
  weights: Weights;
  device: string;
  dtype: DType;
  sample_rate: number;
  /** The model hears at most this much of a clip; null when it hears all. */
  window_seconds: number | null;
  /** Most audio in one forward pass, after padding; a larger batch is split. null: it goes whole. */
  seconds_per_pass: number | null;
  /** Of the default layer; another one may be of another width. */
  embedding_dim: number;
  layers: string[];
  default_layer: string;
  capabilities: Capability[];
  parameters: number;
  /** Kinds of question that the model was shown to have learnt; empty where nobody measured. */
  offers: string[];
  /** Names in the weights' files that no part of the model uses. */
  extras: string[];
  /** What loading found out of the ordinary, a sentence each: merged LoRA, replaced tensors, ... */
  notes: string[];
  /** How the language model, or the encoder, computes it; null for a baseline, which has none. */
  attention: Attention | null;
  /** Of the language model. */
  quantization: Quantization;
  card: ModelCard;
}

/** What a model's folder says of it, for whoever reports on the model. */
export interface ModelCard {
  /** As its card names it, on the Hugging Face hub an SPDX identifier in small letters. */
  licence: string | null;
  /** BibTeX entries. */
  citation: string | null;
  /** Where both stand, or why one is null. */
  source: string;
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
  /** Of the language model, or of the encoder; default what transformers chooses (`sdpa`). */
  attention?: Attention | null;
  /**
   * Of GAMA's language model, through bitsandbytes on CUDA (untested there: no such machine has run it);
   * default what `GAMA_QUANTIZATION` names. Elsewhere `not_capable`.
   */
  quantization?: Quantization | null;
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
  peak_source: "high_water_mark" | "lifetime_peak" | "sampled";
  phases: MemoryPhase[];
}

/** Memory of one phase of an operation (load, decode, frontend, encode, generate, probe). */
export interface MemoryPhase {
  phase: string;
  seconds: number;
  /** Resident memory when the phase began, bytes; of several, when the one with the highest peak began. */
  start: number;
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

/**
 * Parameters of `process_audio`: ask a model about one clip. Progress stage, of several windows:
 * generate.
 *
 * A model that only transcribes writes what was said, as `transcribe` does by its defaults; it takes neither
 * `prompt` nor `options` (`not_capable`), and its answer has `prompt` "" and a token for each character.
 */
export interface ProcessAudioData {
  audio: Audio;
  /** Default: the model's own request for a description. */
  prompt?: string | null;
  /** Id of a loaded model, or a name that is loaded first; default `GAMA_MODEL_PATH`, else `gama-tiny`. */
  model?: string | null;
  options?: GenerationOptions;
  /**
   * Use what the model kept of the same samples from an earlier question, and keep them for the next one;
   * the answer is the same without.
   * @default true
   */
  cache?: boolean;
  /** @default "truncate" */
  long_audio?: LongAudio;
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
  dtype: TensorType;
  shape: number[];
  /** Byte offset into the sender's arena, a multiple of 64; absent when the bytes are inline. */
  offset?: number | null;
  /**
   * Generation of the slot, as it stands in the 64 bytes before `offset` (64 bits, little-endian; 0 when
   * free); a reference to a slot that was freed is `stale_tensor`.
   * @default 0
   */
  generation?: number;
  /** The bytes themselves, where no arena is shared. */
  base64?: string | null;
  /** Number of a tensor of this request that came before it in pieces, by `upload`. */
  upload?: number | null;
  /**
   * Whether it lies in the sender's reserve arena: a file, for what shared memory has no room for.
   * @default false
   */
  reserve?: boolean;
}

/**
 * How answers are written. Greedy, unless `do_sample` is set or a preset named.
 *
 * The seed samples by default; a comparison needs the same answer twice, so we do not. What is null is the
 * preset's; without one the defaults below hold.
 */
export interface GenerationOptions {
  preset?: Preset | null;
  /** Default 100. */
  max_new_tokens?: number | null;
  /** Default false. */
  do_sample?: boolean | null;
  /** Default 1. */
  temperature?: number | null;
  /** Default 1. */
  top_p?: number | null;
  /** Default 0: all tokens. */
  top_k?: number | null;
  /** Default 1. */
  repetition_penalty?: number | null;
  /**
   * Of every answer by itself: in a batch it draws as alone.
   * @default 0
   */
  seed?: number;
}

/** Result of `process_audio`. */
export interface ProcessAudioResult {
  /** With long_audio `windows`: the answers about all windows, a line for each. */
  result: string;
  prompt: string;
  /** Of all windows. */
  tokens: number;
  /** `length`: at least one answer was cut off. */
  stop_reason: "end" | "length";
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  seconds_heard: number;
  seconds_given: number;
  /** The audio was kept from an earlier question: only the answer was computed. */
  cached: boolean;
  /** What was heard, and the answer about it: one window, or several with long_audio `windows`. */
  windows: WindowAnswer[];
}

/** The answer about one window of a clip; seconds as in TimeSpan. */
export interface WindowAnswer {
  start: number;
  end: number;
  text: string;
  tokens: number;
  stop_reason: "end" | "length";
}

/**
 * A part of a streamed `process_audio`: text as it is written. The result that follows the last part has
 * the whole of it.
 */
export interface TextPart {
  /**
   * The number of the piece, from 0. For `done`, should the process die: the next one writes the answer
   * again, and sends what is new.
   */
  indices: number[];
  /** Of which window it is, from 0; joined, the pieces of a window are its answer. */
  window: number;
  text: string;
}

/**
 * Parameters of `describe`: several questions, about one clip or about several, answered together.
 * Progress stage: generate.
 */
export interface DescribeData {
  /** @minItems 1 */
  audios: [Audio, ...Audio[]];
  /** @minItems 1 */
  questions: [Question, ...Question[]];
  /** As in `process_audio`, like what follows. */
  model?: string | null;
  options?: GenerationOptions;
  /** @default true */
  cache?: boolean;
  /**
   * Take the answers from the disk where the same call was made before, by any process, and keep those
   * that are computed now. Whole calls, equal to the bit: nothing comes from the model's memory (`cache`)
   * then. Not while a profile runs. GRYM_FEATURE_CACHE_MB bounds what is kept, together with features.
   *
   * Off by default: a question is asked again to see it answered, or timed. Studies set it.
   * @default false
   */
  disk?: boolean;
  /** @default "truncate" */
  long_audio?: LongAudio;
}

/** A question about one of the clips of `describe`. */
export interface Question {
  /** Place of the clip in `audios`. */
  audio: number;
  /** As in `process_audio`. */
  prompt?: string | null;
}

/** Result of `describe`: each answer is the one that its question gets alone. */
export interface DescribeResult {
  /** In the order of the questions; null where the clip could not be used: `failures` says why. */
  answers: (Answer | null)[];
  /** All of it was computed before, by a call that was the same: nothing was computed now. */
  from_disk: boolean;
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  /** `index` is the clip's place in `audios`. */
  failures: ClipFailure[];
}

/** The answer to one question; the fields are those of ProcessAudioResult. */
export interface Answer {
  text: string;
  prompt: string;
  tokens: number;
  stop_reason: "end" | "length";
  seconds_heard: number;
  seconds_given: number;
  cached: boolean;
  windows: WindowAnswer[];
}

/** A clip of a batch that could not be used; its row of features is NaN (null in JSON). */
export interface ClipFailure {
  index: number;
  code: ErrorCode;
  message: string;
}

/**
 * Parameters of `score`: how likely is each candidate as the answer about a clip? Progress stage:
 * score.
 */
export interface ScoreData {
  /** @minItems 1 */
  audios: [Audio, ...Audio[]];
  /** @minItems 1 */
  candidates: [string, ...string[]];
  /** Default: the model's own request for a description. */
  prompt?: string | null;
  /** As in `process_audio`. */
  model?: string | null;
  /**
   * Whether it counts that the answer ends with the candidate. Without, one that begins another one is
   * always the likelier of the two.
   * @default true
   */
  end?: boolean;
  /**
   * As in `process_audio`.
   * @default true
   */
  cache?: boolean;
  /**
   * As in `describe`.
   * @default false
   */
  disk?: boolean;
  /**
   * As in `process_audio`; a clip has one row of scores, so there are no windows.
   * @default "truncate"
   */
  long_audio?: "error" | "truncate";
}

/** Result of `score`. */
export interface ScoreResult {
  /** null for a clip that could not be used: `failures` says why. */
  clips: (ClipScores | null)[];
  candidates: string[];
  /** Per candidate, with the end of the answer where it counts. */
  tokens: number[];
  prompt: string;
  /** As in `describe`. */
  from_disk: boolean;
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  failures: ClipFailure[];
}

/** Of one clip, per candidate. */
export interface ClipScores {
  /** Natural logarithm: the sum over the candidate's tokens. */
  log_probabilities: number[];
  /** The same by token: for candidates of which some are longer than others. */
  mean_log_probabilities: number[];
  seconds_heard: number;
  seconds_given: number;
  /** As in `process_audio`. */
  cached: boolean;
}

/**
 * Parameters of `transcribe`: what was said in each clip, by a model with a CTC head (capability
 * `transcribe`), decoded greedily. Progress stage: transcribe.
 */
export interface TranscribeData {
  /** @minItems 1 */
  audios: [Audio, ...Audio[]];
  /** As in `process_audio`. */
  model?: string | null;
  /**
   * Of a clip longer than `window_seconds`. `windows` hears all of it: windows overlap by two contexts,
   * each frame is taken from the middle of one, and the frames, joined, are decoded as one row: a word at a
   * seam is written once.
   * @default "windows"
   */
  long_audio?: LongAudio;
  /** @default 30 */
  window_seconds?: number;
  /**
   * What is heard on either side of a seam and not taken there.
   * @default 5
   */
  context_seconds?: number;
}

/** Result of `transcribe`: each clip as it is transcribed alone. */
export interface TranscribeResult {
  /** null for a clip that could not be used: `failures` says why. */
  clips: (ClipTranscript | null)[];
  /** From one frame to the next: words begin and end on frames. */
  frame_seconds: number;
  long_audio: LongAudio;
  window_seconds: number;
  context_seconds: number;
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  failures: ClipFailure[];
}

/** What was said in one clip. */
export interface ClipTranscript {
  /** The words, a space between each two. */
  text: string;
  words: WordSpan[];
  seconds_heard: number;
  seconds_given: number;
  /** What went through the model together; several overlap. */
  windows: TimeSpan[];
}

/**
 * A word and when it was said, in seconds from where what was given begins: from the first frame of its
 * first character to the last frame of its last one.
 */
export interface WordSpan {
  text: string;
  start: number;
  end: number;
  /**
   * exp of the mean, over the frames of the word (blanks within included), of the log-probability of the
   * best symbol: 0 to 1, to rank by; not calibrated.
   */
  confidence: number;
}

/** A part of a clip, in seconds from where what was given begins. */
export interface TimeSpan {
  start: number;
  end: number;
}

/** Parameters of `extract_features`: give `audio` or `audios`. Progress stage: encode. */
export interface ExtractFeaturesData {
  audio?: Audio | null;
  audios?: Audio[] | null;
  model?: string | null;
  /**
   * One of the model's `layers` by name, or by its place there (from the end where negative), or `all`:
   * every one that is as wide as the default layer, a row each. Its `default_layer` when absent.
   */
  layer?: string | number | null;
  /**
   * Over time: `mean`; `mean_std` (statistics pooling), mean and standard deviation; `none`: the frames.
   * @default "mean"
   */
  pooling?: Pooling;
  /** @default 16 */
  batch_size?: number;
  /**
   * `windows`: of one clip, pooled, a row for each of its windows.
   * @default "truncate"
   */
  long_audio?: LongAudio;
  /** Of `long_audio: windows`; at most, and by default, what the model hears at once. */
  window_seconds?: number | null;
  /**
   * From where one window begins to where the next does: at most a window, which is the default. The last
   * window is as long as what is left of the clip.
   */
  hop_seconds?: number | null;
  /**
   * Scale each row to length 1, after pooling; each layer's, each frame's by itself. Zeros stay zeros.
   * @default false
   */
  l2?: boolean;
  /**
   * Take features that were computed before from the disk, and keep those that are computed now. Not while
   * a profile runs. GRYM_FEATURE_CACHE_MB bounds what is kept, together with answers.
   * @default false
   */
  cache?: boolean;
  /**
   * Of the call that features come from. Which clips share a pass changes the last bits, as do batch size,
   * threads and processor: with `same` features of `audios` come from the disk only where all of them do, from
   * a call that was the same in all this, and are equal to the bit.
   * @default "any"
   */
  composition?: "any" | "same";
  /** Default: a tensor where an arena is shared, otherwise JSON arrays. */
  reply?: ("json" | "tensor") | null;
}

/**
 * Result of `extract_features`, with the rule by which it was made.
 *
 * `features`: `audio` gives [features] (pooled), [frames, features] (`pooling: none`), or
 * [windows, features] (`long_audio: windows`); `audios` gives [clips, features]. `pooling: none` and
 * `long_audio: windows` take one clip at a time. With layer `all` each row is [layers, features].
 */
export interface ExtractFeaturesResult {
  features: unknown[] | Tensor;
  shape: number[];
  /** Its name, or `all`. */
  layer: string;
  /** Names: the one, or with layer `all` those that were stacked, in order. */
  layers: string[];
  pooling: Pooling;
  long_audio: LongAudio;
  /** Of `long_audio: windows`; null where a clip went whole. */
  window_seconds: number | null;
  hop_seconds: number | null;
  l2: boolean;
  processing_time: number;
  memory_usage: MemoryUsage;
  model_id: string;
  revision: string;
  device: string;
  dtype: DType;
  /** Per clip; `[]` where they came in parts. */
  seconds_heard: number[];
  seconds_given: number[];
  /** Encoding time per clip (a batch's time divided by its clips); 0 for one from the cache. */
  clip_seconds: number[];
  /** Per clip: its features were computed before; `[]` where they came in parts. */
  cached: boolean[];
  /** What was heard of one clip, part by part; `[]` for `audios`. */
  windows: TimeSpan[];
  failures: ClipFailure[];
}

/**
 * A part of a streamed `extract_features`: some of the clips, those of like length together.
 *
 * Clips that cannot be used are in no part: the result that follows the last one names them. What the
 * parts brought is not repeated there: its `features` and its lists per clip are `[]`.
 */
export interface FeaturesPart {
  /** Places of the clips in `audios`; the rows of the other lists. For `done`, should the process die. */
  indices: number[];
  /** [clips, features]. */
  features: unknown[] | Tensor;
  seconds_heard: number[];
  seconds_given: number[];
  clip_seconds: number[];
  cached: boolean[];
}

/** Parameters of `inspect_audio`: what is there to be heard? Progress stage: inspect. */
export interface InspectAudioData {
  /** Samples need their `sample_rate`: there is no model whose rate they could have. */
  audios: Audio[];
  /** The digest is of so many seconds from the beginning; of the whole clip when absent, or shorter. */
  duration?: number | null;
}

/** Result of `inspect_audio`. */
export interface InspectAudioResult {
  /** null: that clip is among the failures; all of them may be. */
  clips: (InspectedClip | null)[];
  failures: ClipFailure[];
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** One clip as it was decoded, before any model resamples it or makes it mono. */
export interface InspectedClip {
  /** Of the whole clip. */
  seconds: number;
  /** Hz. */
  sample_rate: number;
  channels: number;
  /**
   * blake2b of 32 bytes, hexadecimal: of the rate and the channels as text (`16000 1`, one line), then of
   * each channel's samples, float32, little-endian. The same sound in another container has the same one.
   */
  digest: string;
}

/** Parameters of `plant_copy`: a clip as it might stand elsewhere in a data set, to be looked for. */
export interface PlantCopyData {
  /** Samples need their `sample_rate`. */
  audio: Audio;
  /** Of so many seconds from the beginning; of the whole clip when absent, or shorter. */
  duration?: number | null;
  /** @default 0 */
  seed?: number;
}

/** Result of `plant_copy`: 6 dB softer, 50 ms cut off its beginning, noise 40 dB below it. */
export interface PlantCopyResult {
  /** float32 [channels, samples]. */
  samples: Tensor;
  /** Hz. */
  sample_rate: number;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/**
 * Parameters of `near_duplicates`: does one recording stand on two sides? Progress stages: compare,
 * verify, verify planted.
 */
export interface NearDuplicatesData {
  /** Samples need their `sample_rate`. */
  audios: Audio[];
  /** Of each clip: what may not meet, a fold or a source. */
  sides: string[];
  /** At least one. */
  arms: ArmFeatures[];
  /** At least one; of `plant_copy`, as the arms heard them. */
  copies: Audio[];
  /** The clip that each copy was made of. */
  originals: number[];
  /** The first seconds of each clip are compared; all of it when absent. */
  duration?: number | null;
}

/** What one model makes of the clips, and of the planted copies. */
export interface ArmFeatures {
  /** [clips, features]; a row with NaN (null in JSON) is a failed clip. */
  features: (number | null)[][] | Tensor;
  /** [copies, features]. */
  planted: (number | null)[][] | Tensor;
}

/** Result of `near_duplicates`. */
export interface NearDuplicatesResult {
  duplicates: AlikePair[];
  arms: ArmSearch[];
  /** Pairs that were heard. */
  candidates: number;
  /** Those of them that are two recordings. */
  alike: number;
  planted: number;
  /** Planted copies that were found, candidates and waveforms together. */
  planted_found: number;
  /**
   * Neighbours of each clip that were looked at: 5; where all arms together showed less than 95 % of the
   * planted copies 10, 20 or 40.
   */
  nearest: number;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** Two clips of one recording. */
export interface AlikePair {
  a: number;
  b: number;
  /** Of the waveforms where they fit best, within a second. */
  correlation: number;
  /** The same after their spectrum was made flat: a shared hum or tone is not enough. */
  flat_correlation: number;
  /** How much later the sound comes in `b`. */
  lag_seconds: number;
}

/** What one arm alone would find. */
export interface ArmSearch {
  /**
   * Cosine of centred features from which a neighbour is a candidate: 1 less twice the distance within
   * which 95 % of the planted copies are of their originals. null: it heard no copy.
   */
  threshold: number | null;
  candidates: number;
  /** Planted copies among whose nearest clips their original is, and near enough. */
  planted_found: number;
  /**
   * Whether its candidates were heard; arms are taken, that with fewest candidates first, until 95 % of the
   * planted copies are among them.
   */
  used: boolean;
}

/** Parameters of `probe`: can the label be read off the features, on sources never seen? */
export interface ProbeData {
  /**
   * [clips, features]; for `layers` [clips, layers, features]; for `attention` [clips, frames, features],
   * where frames beyond the end of a clip are NaN (null in JSON).
   */
  features: (number | (number | null)[])[][] | Tensor;
  labels: string[];
  /** Source of each clip (preset, voice, speaker): no source stands in training and test fold at once. */
  groups: string[];
  /**
   * `mlp` is a network of one hidden layer. `layers` learns a weight for each layer (softmax), `attention`
   * one for each frame (softmax of a learnt query), with a linear classifier, and on the training fold alone.
   */
  kind: "attention" | "knn" | "layers" | "linear" | "mlp";
  /** @default 5 */
  folds?: number;
  /** Of each clip, from 0, where a benchmark has its own; a clip of -1 trains always and is never judged. */
  fold?: number[] | null;
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
  /** Per fold: accuracy on source-disjoint folds of its training clips, by which one may choose. */
  inner: number[];
  /** Numbers that were fitted, in the largest fold; 0 for `knn`. */
  parameters: number;
  /** Of `layers`: per fold, the weight of each layer; they sum to 1. */
  layer_weights: number[][] | null;
  /** Accuracy of always saying the training fold's most frequent label. */
  majority: number;
  sources: number;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** A confidence interval. */
export interface Interval {
  low: number;
  high: number;
  level: number;
  /** For example `cluster jackknife, t(23)`. */
  method: string;
}

/** Parameters of `few_shot`: how much can be read off the features with a handful of examples? */
export interface FewShotData {
  /** [clips, features]; a row with NaN (null in JSON) is a failed clip. */
  features: (number | null)[][] | Tensor;
  labels: string[];
  /** Source of each clip: examples come from other sources than the clips that they are judged by. */
  groups: string[];
  /** @default 8 */
  per_label?: number;
  /** @default 10 */
  draws?: number;
  /** @default 5 */
  folds?: number;
  /** As for `probe`; a clip of -1 may be an example and is never judged. */
  fold?: number[] | null;
  /** @default 0 */
  seed?: number;
}

/** Result of `few_shot`. Same labels, groups, folds and seed give the same examples for every model. */
export interface FewShotResult {
  accuracy: number;
  /** By source; without the variance of the draws, which `draws` shows. */
  interval: Interval | null;
  reason: string | null;
  /** Per clip: share of the draws after which it is right; 0 for one that is not judged. */
  share: number[];
  /** Accuracy of each draw. */
  draws: number[];
  fold: number[];
  /** Labels with too few clips, failed clips. */
  notes: string[];
  sources: number;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** Parameters of `probe_tags`: can each of several labels be read off the features? */
export interface ProbeTagsData {
  /** [clips, features]; a row with NaN is a failed clip. */
  features: number[][] | Tensor;
  /** Of each clip; it may have none. */
  tags: string[][];
  groups: string[];
  /** @default 5 */
  folds?: number;
  /** As for `probe`; a clip of -1 only trains. */
  fold?: number[] | null;
  /** @default 0 */
  seed?: number;
}

/** Result of `probe_tags`. */
export interface ProbeTagsResult {
  /** The tags, sorted. */
  names: string[];
  /** [clips, tags]; NaN for clips that only train; failed clips stand below all others. */
  scores: Tensor;
  /** Average precision of each tag over the judged clips; null where none has it. */
  ap: (number | null)[];
  /** Macro mean: mAP. */
  mean_ap: number;
  fold: number[];
  settings: string[];
  sources: number;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** Parameters of `retrieve`: are the nearest clips of other sources of the same label? */
export interface RetrieveData {
  /** [clips, features]; a row with NaN (null in JSON), or of zeros only, is a failed clip. */
  features: (number | null)[][] | Tensor;
  labels: string[];
  /** Source of each clip: a query's own source is not in its gallery. */
  groups: string[];
  ks: number[];
}

/** Result of `retrieve`: by cosine, nothing is fitted; of equal cosines other labels come first. */
export interface RetrieveResult {
  ks: number[];
  /** Per k: share of the queries that have their label among the nearest k. */
  recall: number[];
  mean_ap: number;
  /** [clips, ks]. */
  hits: boolean[][];
  /** Average precision of each clip's ranking. */
  ap: number[];
  /** False where no other source has the label: such a clip counts nowhere. */
  asked: boolean[];
  failed: number;
  processing_time: number;
  memory_usage: MemoryUsage;
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
  processing_time: number;
  memory_usage: MemoryUsage;
}

/**
 * Parameters of `judge`: all comparisons of a study at once. Progress stages: judge, leave out sources,
 * swap sources, resample sources.
 */
export interface JudgeData {
  comparisons: JudgedComparison[];
  /**
   * Of the intervals.
   * @default 0.95
   */
  level?: number;
  /** @default 0.05 */
  alpha?: number;
  /**
   * Most flips that are enumerated or drawn.
   * @default 9999
   */
  permutations?: number;
  /**
   * Of bootstraps.
   * @default 9999
   */
  resamples?: number;
  /** @default 0 */
  seed?: number;
}

/** Two arms on the same clips, and what was claimed before the run. */
export interface JudgedComparison {
  a: string;
  b: string;
  task: string;
  metric: string;
  /** Source of each clip. */
  groups: string[];
  observed: ObservedClips | ObservedAnswers | ObservedWordErrors | ObservedTags | ObservedClusters;
  /** @default "exploratory" */
  family?: Family;
  claim?: Claim | null;
  /** In the metric's own unit (.02 is two points); `not worse` and `equivalent` need it. */
  margin?: number | null;
  /**
   * Where the run might be stopped after any source: the clips stand in the order of the run then, and the
   * verdict is the e-process's. Of the kind `clips`, between 0 and 1, without a margin.
   */
  anytime?: AnytimeRule | null;
}

/** One number per clip and arm (right or wrong, a score); their means are compared. */
export interface ObservedClips {
  kind: "clips";
  a: number[];
  b: number[];
}

/** One label per clip and arm; macro-F1 is compared. */
export interface ObservedAnswers {
  kind: "answers";
  truth: string[];
  a: string[];
  b: string[];
}

/** Edits and true words per clip; their ratio, the word error rate, is compared. Lower is better. */
export interface ObservedWordErrors {
  kind: "word errors";
  a: number[];
  b: number[];
  words: number[];
}

/** Scores [clips, tags] of each arm; mean average precision is compared. */
export interface ObservedTags {
  kind: "tags";
  /** [clips, tags]: whether the clip has the tag; a tensor of any type, where other than 0 is true. */
  tags: boolean[][] | Tensor;
  a: number[][] | Tensor;
  b: number[][] | Tensor;
}

/** A cluster per clip and arm; its agreement with the labels is compared. */
export interface ObservedClusters {
  kind: "clusters";
  labels: string[];
  a: number[];
  b: number[];
  /** @default "v_measure" */
  measure?: "ami" | "ari" | "v_measure";
}

/** What must be known before a run that might be stopped. */
export interface AnytimeRule {
  /** Clips of the largest source of the whole data set. */
  largest: number;
  /**
   * Whether outcomes are 0 or 1.
   * @default false
   */
  right_or_wrong?: boolean;
}

/** Result of `judge`: the verdicts repeat to the bit, in the order of the comparisons. */
export interface JudgeResult {
  verdicts: Verdict[];
  /** What each took. */
  seconds: number[];
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** One comparison, judged among the others of its family. */
export interface Verdict {
  a: string;
  b: string;
  task: string;
  metric: string;
  family: Family;
  word: VerdictWord;
  /** All words that hold: better by less than the margin is equivalent and not worse as well. */
  supports: VerdictWord[];
  claim: Claim | null;
  /** Whether the claim was shown; null without one. */
  shown: boolean | null;
  sentence: string;
  /** a - b; where lower is better, more than 0 is bad for a. */
  difference: number;
  score_a: number;
  score_b: number;
  lower_is_better: boolean;
  /** By source; null below 10 of them. */
  interval: Interval | null;
  /** At 1 - 2 alpha: what equivalence and non-inferiority are read off; null without a margin. */
  margin_interval: Interval | null;
  /** Why there is no interval or test, or what weakens the word. */
  reason: string | null;
  test: string | null;
  p: number | null;
  p_adjusted: number | null;
  /** Adjusted, of the null hypothesis "worse by the margin or more"; null without a margin. */
  p_not_worse: number | null;
  p_not_better: number | null;
  adjusted_by: string;
  /** Smallest difference that such a study finds in eight of ten cases. */
  could_have_seen: number | null;
  margin: number | null;
  clips: number;
  sources: number;
  /** Clips where a is the better arm; null for metrics without an outcome per clip. */
  only_a: number | null;
  only_b: number | null;
  /** Whether the arms said the same on every clip. */
  is_identical: boolean;
  beside: VerdictBeside;
}

/** Other ways to look at a comparison; the word is not theirs. null where one does not apply. */
export interface VerdictBeside {
  jackknife: Interval | null;
  /** By source, expanded percentiles. */
  bootstrap: Interval | null;
  /** By clip, where sources have one. */
  bca: Interval | null;
  /** As if clips were independent: too narrow where sources have several that are alike. */
  by_clip: Interval | null;
  /** By clip, right and wrong outcomes. */
  mcnemar_exact: number | null;
  mcnemar_mid_p: number | null;
  /** Signed ranks of the sources' means. */
  wilcoxon: number | null;
  /** d_z over the sources' means. */
  effect_size: number | null;
  /** How alike the differences of one source are, 0 to 1. */
  icc: number | null;
}

/** Parameters of `power`: which difference can such a data set resolve? */
export interface PowerData {
  /** Clips of each source. */
  sizes: number[];
  /** Assumed shares of clips on which exactly one arm is right; by default the pilot's, else .1, .2, .3. */
  discordances?: number[] | null;
  /** Assumed likeness of the clips of one source, 0 to 1; by default the pilot's, else 0, .1, .33. */
  correlations?: number[] | null;
  /** A difference to ask about, in (0, 1). */
  margin?: number | null;
  /** @default 0.05 */
  alpha?: number;
  /** @default 0.8 */
  power?: number;
  /** Looked at blind to the sign: it spends none of the test's alpha. */
  pilot?: PilotOutcomes | null;
}

/** Outcomes of two arms on the first clips, for `power`. */
export interface PilotOutcomes {
  a: number[];
  b: number[];
  groups: string[];
}

/** Result of `power`: a row for each discordance and correlation. */
export interface PowerResult {
  clips: number;
  sources: number;
  alpha: number;
  power: number;
  margin: number | null;
  rows: PowerRow[];
  method: string;
  /** Why there are no rows. */
  reason: string | null;
  pilot: PowerPilot | null;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** One assumption about the arms, and what can be seen under it. */
export interface PowerRow {
  discordance: number;
  correlation: number;
  /** Smallest difference found with the asked power; null: not even the largest possible one. */
  resolves: number | null;
  power_at_margin: number | null;
  /** Sources like these that find the margin; null where none was asked about, or no number of them does. */
  sources_needed: number | null;
}

/** What the first clips say about the arms, without saying which is better. */
export interface PowerPilot {
  discordance: number;
  /** null where no source has two clips that differ. */
  correlation: number | null;
  clips: number;
}

/** Parameters of `anytime`: a run that is looked at after every source, in an order drawn before it. */
export interface AnytimeData {
  /** Per finished source, the sum of its clips' differences a - b, each between -1 and 1. */
  sums: number[];
  /** Per finished source, its clips. */
  sizes: number[];
  /** Clips of the largest source of the whole data set. */
  largest: number;
  /**
   * Chance of ever seeing a difference that is not there.
   * @default 0.05
   */
  alpha?: number;
  /**
   * Whether outcomes are 0 or 1.
   * @default false
   */
  right_or_wrong?: boolean;
}

/** Result of `anytime`, after each source. */
export interface AnytimeResult {
  /** Evidence of a difference: where there is none, it reaches 1 / alpha with a chance of alpha at most. */
  e: number[];
  /** Confidence sequence of the mean difference. */
  low: number[];
  high: number[];
  /** Sources after which e first reached 1 / alpha: the run may stop there. */
  rejected_at: number | null;
  method: string;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** Parameters of `judge_cost`: all cost metrics of two arms at once. */
export interface JudgeCostData {
  measurements: CostMeasurement[];
  a: string;
  b: string;
  /** @default 0.95 */
  level?: number;
  /** @default 0.05 */
  alpha?: number;
}

/** One measured number. Void ones are left out before. */
export interface CostMeasurement {
  metric: string;
  /** What counts as one observation: a block of calls, or a process. */
  unit: "block" | "process";
  /** An arm against itself, or against the other. */
  phase: "aa" | "ab";
  /** In the phase `aa`, the two processes of one arm. */
  arm: "a" | "b";
  /** Number of the pair of processes. */
  process: number;
  /** Number of the block within its processes; 0 for the unit `process`. */
  block: number;
  /** Above 0, in the metric's own unit. */
  value: number;
  /** Since the run began. */
  seconds: number;
}

/** Result of `judge_cost`: the metrics in the order in which they first occur. */
export interface JudgeCostResult {
  verdicts: CostVerdict[];
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** One cost metric of arm a against arm b. */
export interface CostVerdict {
  metric: string;
  unit: "block" | "process";
  word: "higher" | "lower" | "undecided";
  sentence: string;
  ratio: number;
  interval: Interval | null;
  reason: string | null;
  test: string;
  p: number;
  p_adjusted: number;
  /** Farthest ratio from 1 that two processes of one arm may have, above 1; null without an A/A run. */
  floor: number | null;
  /** Of the A/A run. */
  noise: CostRatio | null;
  units: number;
  median_a: number;
  median_b: number;
  /** Of single calls; empty for the unit `process`. */
  quantiles_a: CostQuantile[];
  quantiles_b: CostQuantile[];
  drift_a: CostDrift | null;
  drift_b: CostDrift | null;
}

/** What one arm or process costs over another: 2 is twice as much. */
export interface CostRatio {
  ratio: number;
  interval: Interval | null;
  /** Why there is no interval. */
  reason: string | null;
  p_value: number;
  test: string;
  /** Blocks, or processes of both arms. */
  units: number;
}

/** A quantile of the calls of one arm. */
export interface CostQuantile {
  at: number;
  value: number;
  low: number;
  /** null where so few calls cannot bound it. */
  high: number | null;
  calls: number;
}

/** Change of the logarithm over the run: .05 is five percent from the first call to the last. */
export interface CostDrift {
  change: number;
  low: number;
  high: number;
}

/** Parameters of `read_energy`. */
export type ReadEnergyData = Record<string, never>;

/** Result of `read_energy`: the counters of the hardware that the loaded models run on. */
export interface ReadEnergyResult {
  counters: EnergyCounter[];
  /** Why there are none. */
  reason: string | null;
}

/** A counter of the hardware; only differences of two readings mean something. */
export interface EnergyCounter {
  name: string;
  source: "nvml" | "rapl";
  joules: number;
  /** Joules after which it begins at 0 again; null: never. */
  wraps_at: number | null;
}

/**
 * Parameters of `cluster`: groups in features, with the evidence for them. Progress stages:
 * reduce, cluster, evidence, map.
 */
export interface ClusterData {
  /** [clips, features]; a row with NaN is a failed clip and is left out. */
  features: number[][] | Tensor;
  /** @default "hdbscan" */
  method?: "hdbscan" | "kmeans";
  /** @default "spectral" */
  reduction?: "none" | "pca" | "spectral";
  /**
   * Of the reduction.
   * @default 10
   */
  dimensions?: number;
  /** k of k-means, which needs it; HDBSCAN finds the number itself. */
  clusters?: number | null;
  /** @default 10 */
  min_cluster_size?: number;
  /** @default 3 */
  min_samples?: number;
  /** Known classes, for the agreement; they never enter the clustering. */
  labels?: string[] | null;
  /** Source of each clip: labels are permuted by whole sources where each source has one label. */
  groups?: string[] | null;
  /**
   * Also place the clips in two dimensions, for display only.
   * @default true
   */
  map?: boolean;
  /**
   * Also measure stability, against features without structure.
   * @default true
   */
  evidence?: boolean;
  /**
   * Bootstrap draws per stability.
   * @default 10
   */
  draws?: number;
  /**
   * Data sets without structure, of each kind, that stability is held against.
   * @default 19
   */
  nulls?: number;
  /** @default 0 */
  seed?: number;
}

/** Result of `cluster`. */
export interface ClusterResult {
  /** Per clip: its cluster (0 is the largest), -1 for noise, null for a clip that was left out. */
  assignments: (number | null)[];
  clusters: number;
  sizes: number[];
  noise_share: number;
  left_out: number;
  /** [clips, 2]: t-SNE, seeded; distances in it mean little, and nothing is computed from it. */
  map: (number[] | null)[] | null;
  /** Of the map, in [0, 1]: whether neighbours in it are neighbours in the features (Venna & Kaski 2001). */
  trustworthiness: number | null;
  /** null without labels, or where all are the same. */
  agreement: ClusterAgreement | null;
  /** null without `evidence`. */
  stability: ClusterStability | null;
  /** What was done, in words, with the versions that it depends on. */
  settings: string;
  processing_time: number;
  memory_usage: MemoryUsage;
}

/** Agreement with labels; noise counts as one cluster of its own. */
export interface ClusterAgreement {
  /** Adjusted mutual information: 0 by chance, 1 the same partition. */
  ami: number;
  /** Adjusted Rand index. */
  ari: number;
  /** Harmonic mean of the next two; not adjusted for chance, it grows with the number of clusters. */
  v_measure: number;
  /** 1 where each cluster has one label. */
  homogeneity: number;
  /** 1 where each label lies in one cluster. */
  completeness: number;
  /** The same for permuted labels, one per permutation. */
  permuted_ami: number[];
  permuted_ari: number[];
  /** What was permuted. */
  permuted: "clips" | "sources";
  /** Share of label permutations (and the labels themselves) with as high an AMI. */
  p_value: number;
}

/** Does the same come out again, and more so than of features without structure? */
export interface ClusterStability {
  /** Mean ARI, on shared clips, between the clustering of a bootstrap draw and that of all clips. */
  bootstrap: number;
  /** Mean ARI between the clusterings of all clips with other seeds and this one. */
  seeds: number;
  /** `bootstrap` of the same features with each column permuted by itself, one per null data set. */
  permuted_columns: number[];
  /** `bootstrap` of Gaussian noise with the features' own covariance: one blob, no clusters. */
  gaussian: number[];
  /** Share of null data sets (and the features themselves) as stable, of the harder of the two kinds. */
  p_value: number;
  /** `structure`: more than one blob would show, which a bent or skewed cloud is, too. */
  verdict: "no structure" | "structure";
  /** The verdict in one sentence, with its numbers. */
  reason: string;
}

/**
 * Parameters of `download_model`. A download that was cut off goes on where it ended.
 *
 * The token is the hub's own (`HF_TOKEN`, `hf auth login`), and never crosses the wire.
 */
export interface DownloadModelData {
  /** `owner/name`; a Space as `spaces/owner/name`. */
  repo: string;
  /** Branch, tag or commit; the default branch when absent. The commit behind it is pinned. */
  revision?: string | null;
  /** What it is called here; by default as the repository, without its owner. */
  name?: string | null;
  /** Shell patterns of the files to fetch; by default config, weights, tokenizer and licence. */
  files?: string[];
}

/** Result of `download_model`. Progress stages: list, download, hash (bytes), convert (files). */
export interface DownloadModelResult {
  model: StoredModel;
}

/** A model of the store: fetched from the hub, or added from a folder. */
export interface StoredModel {
  /** What `load_model` takes. */
  name: string;
  /** `unfinished`: its download goes on when asked for again; `damaged`: its manifest cannot be read. */
  state: "damaged" | "unfinished" | "whole";
  folder: string;
  /** `model_type` of its config.json. */
  family: string | null;
  /** Of models of that type, before one is loaded; empty where they cannot be loaded here. */
  capabilities: Capability[];
  /** `hub:owner/name`, or the folder that was added. */
  source: string;
  /** 12 hex digits: of the commit, or of the hashes of what was added. */
  revision: string | null;
  /** Bytes of its files in the store. */
  size: number;
  /** Bytes of its files that lie in the folder that was added. */
  linked_size: number;
  files: number;
}

/** Parameters of `add_model`: the folder's files are linked, its pickles converted to safetensors. */
export interface AddModelData {
  /** Has a config.json and weights; or a base and a stage checkpoint of GAMA, somewhere below. */
  folder: string;
  /** What it is called here; by default as the folder. */
  name?: string | null;
  /** Folder of the language model, where the folder has several or none: relative to it, or absolute. */
  base?: string | null;
  /** The stage checkpoint, in the same way. */
  checkpoint?: string | null;
}

/** Result of `add_model`. Progress stages: hash (bytes), convert (files), compose. */
export interface AddModelResult {
  model: StoredModel;
}

/** Parameters of `verify_model`. */
export interface VerifyModelData {
  name: string;
  /**
   * Read every file and compare its SHA-256; otherwise sizes, headers, names and shapes only.
   * @default true
   */
  hashes?: boolean;
}

/** Result of `verify_model`. Progress stages: hash (bytes), structure. */
export interface VerifyModelResult {
  model: StoredModel;
  /** What is wrong, where, and what to do; empty when nothing is. */
  problems: string[];
  bytes_read: number;
  /** In the safetensors files; 0 where a problem stood before. */
  tensors: number;
  /** What names and shapes make, in words; null where a problem stood before, or the family is unknown. */
  structure: string | null;
}

/** Parameters of `list_models`. */
export type ListModelsData = Record<string, never>;

/** Result of `list_models`. */
export interface ListModelsResult {
  /** The store: `GRYM_CACHE/models`, by default `~/.cache/grym-synth/models`. */
  folder: string;
  /** By name. */
  models: StoredModel[];
  /** Bytes that are free there. */
  free: number;
}

/** Parameters of `remove_model`: a model of the store, or what an unfinished download has left. */
export interface RemoveModelData {
  name: string;
}

/** Result of `remove_model`; what the model only linked to is still there. */
export interface RemoveModelResult {
  /** Bytes. */
  freed: number;
}

/** Parameters of `start_profile`: from now on every phase of every operation is written down. */
export interface StartProfileData {
  /**
   * Seconds between samples of the timeline.
   * @default 0.01
   */
  interval?: number;
}

/** Result of `start_profile`. */
export interface StartProfileResult {
  profile: number;
  pid: number;
}

/** Parameters of `stop_profile`. */
export interface StopProfileData {
  profile: number;
}

/** Result of `stop_profile`: memory of this process from start to stop, bytes. */
export interface StopProfileResult {
  seconds: number;
  start_memory: number;
  peak_memory: number;
  end_memory: number;
  /** peak_memory - start_memory. */
  used_memory: number;
  peak_source: "high_water_mark" | "lifetime_peak" | "sampled";
  /** Highest resident memory outside of all phases (between operations, around phases). */
  peak_outside: number;
  /** In the order of their beginning. */
  spans: MemorySpan[];
  timeline: MemoryTimeline;
}

/** One phase of one operation while a profile ran; bytes, and seconds since the profile began. */
export interface MemorySpan {
  operation: string;
  phase: string;
  /** 0: not inside another phase. */
  depth: number;
  began: number;
  seconds: number;
  /** Resident memory when it began. */
  start: number;
  /** Highest resident memory in it. */
  peak: number;
  end: number;
  /** Of `end`: anonymous memory. */
  anonymous: number;
  /** Of `end`: pages of mapped files (weights count here). */
  file_mapped: number;
  /** Of `end`: shared memory (the arenas). */
  shared: number;
  /** Most that torch allocated in it, summed over CUDA devices; null without CUDA. */
  device_peak: number | null;
}

/** Samples of resident memory, bytes, one column each; between two samples memory may have been higher. */
export interface MemoryTimeline {
  /** Seconds between samples; grows with the length of the profile, so that their number stays bounded. */
  interval: number;
  /** Since the profile began. */
  seconds: number[];
  anonymous: number[];
  file_mapped: number[];
  shared: number[];
  /** What torch holds on CUDA devices; null while CUDA is not in use. */
  device_allocated: (number | null)[];
}

/**
 * Parameters of `free_memory`: give back what the process holds and does not need, also what models keep
 * of audio for further questions.
 */
export interface FreeMemoryData {
  /** Ids of models to unload as well. */
  models?: string[];
}

/** Result of `free_memory`; `memory_usage` has the memory before (start) and after (end). */
export interface FreeMemoryResult {
  unloaded: string[];
  /** What stays, bytes: anonymous memory (Python, libraries, models still loaded). */
  anonymous: number;
  /** What stays of mapped files (libraries, mapped weights). */
  file_mapped: number;
  /** What stays of shared memory (the arenas). */
  shared: number;
  memory_usage: MemoryUsage;
}

/** Parameters of `release`: result tensors that the client has copied out. Without an id, no answer. */
export interface ReleaseData {
  generations: number[];
}

/** Result of `release`. */
export interface ReleaseResult {
  released: number;
}

/**
 * Parameters of `upload`: a piece of a tensor, in order, before the request that it belongs to.
 *
 * For tensors that are too long for a line, where no memory is shared. Without an id, no answer.
 */
export interface UploadData {
  /** Of the request that will refer to it. */
  id: Id;
  /** Number of the tensor, chosen by the client. */
  upload: number;
  base64: string;
}

/** Result of `upload`: bytes of the tensor that are there now. */
export interface UploadResult {
  bytes: number;
}

/**
 * Parameters of `credit`: the client takes `count` more parts of a stream. Without an id, no answer.
 *
 * A stream without credit lets other requests run. As any request before it, it holds up `shutdown`; the
 * end of input cancels it.
 */
export interface CreditData {
  id: Id;
  count: number;
}

/** Result of `credit`: whether there is that stream. */
export interface CreditResult {
  running: boolean;
}

/**
 * Parameters of `cancel`: a running request stops at its next batch or token; one that is queued, or
 * waits for credit, is dropped.
 */
export interface CancelData {
  id: Id;
}

/** Result of `cancel`. */
export interface CancelResult {
  state: "queued" | "running" | "unknown";
}

/** Parameters of `attach_client`: a host lets one more client speak through its lines. */
export interface AttachClientData {
  /** What its requests carry as `client`. */
  client: number;
  /** Path of its input arena (`/proc/PID/fd/N`: the file has no name); absent: its tensors come inline. */
  arena?: string | null;
  /** Path of what it has in reserve, for what its input arena has no room for. */
  reserve?: string | null;
  /**
   * Whether it reads the output arena; otherwise its results come inline.
   * @default true
   */
  shares_output?: boolean;
  /** Where its relative paths begin; absent: where the process was started. */
  folder?: string | null;
}

/** Result of `attach_client`. */
export interface AttachClientResult {
  plane: "file" | "json" | "shared_memory";
}

/**
 * Parameters of `detach_client`: a client is gone. What it asked is dropped, the running request is
 * cancelled, and once that has ended its slots and profiles are freed.
 */
export interface DetachClientData {
  client: number;
}

/** Result of `detach_client`. */
export interface DetachClientResult {
  /** Slots of the output arena that it had not released. */
  released: number;
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

/** A part of the answer to the request `id`; the result, after the last part, ends it. */
export interface PartMessage {
  event: "part";
  id: Id;
  data: Part;
}

/** Data of the event `part`: the parts of an answer are numbered from 0, again in each process. */
export interface Part {
  sequence: number;
  value: unknown;
}

/** A remark of the process. */
export interface LogMessage {
  event: "log";
  data: Log;
}

/** Data of the event `log`: a record of Python's `logging`, or a remark of the wire itself. */
export interface Log {
  level: "debug" | "error" | "info" | "warning";
  message: string;
  /**
   * Name of the logger (`py.warnings` for warnings); empty: a line that belongs to no request.
   * @default ""
   */
  logger?: string;
}

/** What the client writes. `release`, `upload`, `credit`, `cancel` need no `id`; then no answer comes. */
export interface Request {
  operation: string;
  id?: Id | null;
  data?: {
    [k: string]: unknown;
  };
  /** @default "user" */
  priority?: "background" | "user";
  credit?: number | null;
  /** With `credit`: indices that parts of a process before brought; they come in no part again. */
  done?: number[];
  /**
   * Written by a host that speaks for several: whose request it is. 0: who owns the process.
   * @default 0
   */
  client?: number;
}

/** Version of the protocol that `ready` must name. */
export const PROTOCOL_VERSION = 2;

/** Longest line that either side reads, in bytes; bulk data goes beside the lines. */
export const MAX_LINE_BYTES = 67108864;

/** How an operation is treated. */
export interface OperationFacts {
  /** May be sent again after a crash: it has no lasting effect, or the same effect twice. */
  readonly repeatable: boolean;
  /** Answered at once, also while the model thread works. */
  readonly immediate: boolean;
}

export const OPERATIONS: ReadonlyMap<string, OperationFacts> = new Map([
  ["ping", { repeatable: true, immediate: true }],
  ["status", { repeatable: true, immediate: true }],
  ["load_model", { repeatable: true, immediate: false }],
  ["unload_model", { repeatable: false, immediate: false }],
  ["process_audio", { repeatable: true, immediate: false }],
  ["describe", { repeatable: true, immediate: false }],
  ["score", { repeatable: true, immediate: false }],
  ["transcribe", { repeatable: true, immediate: false }],
  ["extract_features", { repeatable: true, immediate: false }],
  ["inspect_audio", { repeatable: true, immediate: false }],
  ["plant_copy", { repeatable: true, immediate: false }],
  ["near_duplicates", { repeatable: true, immediate: false }],
  ["probe", { repeatable: true, immediate: false }],
  ["few_shot", { repeatable: true, immediate: false }],
  ["probe_tags", { repeatable: true, immediate: false }],
  ["retrieve", { repeatable: true, immediate: false }],
  ["compare", { repeatable: true, immediate: false }],
  ["judge", { repeatable: true, immediate: false }],
  ["power", { repeatable: true, immediate: false }],
  ["anytime", { repeatable: true, immediate: false }],
  ["judge_cost", { repeatable: true, immediate: false }],
  ["read_energy", { repeatable: true, immediate: false }],
  ["cluster", { repeatable: true, immediate: false }],
  ["download_model", { repeatable: true, immediate: false }],
  ["add_model", { repeatable: false, immediate: false }],
  ["verify_model", { repeatable: true, immediate: false }],
  ["list_models", { repeatable: true, immediate: false }],
  ["remove_model", { repeatable: false, immediate: false }],
  ["start_profile", { repeatable: false, immediate: false }],
  ["stop_profile", { repeatable: false, immediate: false }],
  ["free_memory", { repeatable: true, immediate: false }],
  ["release", { repeatable: false, immediate: true }],
  ["upload", { repeatable: false, immediate: true }],
  ["credit", { repeatable: false, immediate: true }],
  ["cancel", { repeatable: false, immediate: true }],
  ["attach_client", { repeatable: false, immediate: true }],
  ["detach_client", { repeatable: false, immediate: false }],
  ["shutdown", { repeatable: false, immediate: false }],
]);
