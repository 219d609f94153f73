/** grym-synth: a research notebook for audio models. Root of the SDK; it loads nothing heavy. */

// Audio
export { type AudioBufferLike, AudioClip, type ClipRange } from "./audio/audio-clip.ts";
export type { AudioInput, AudioSamples } from "./audio/audio-input.ts";
export type { WavEncoding } from "./audio/wav.ts";
// Bridge
export type { Plane } from "./bridge/arena.ts";
export type { BridgeOptions } from "./bridge/bridge-options.ts";
export type {
  CallOptions,
  ExecuteOptions,
  Priority,
  Progress,
  StreamOptions,
} from "./bridge/call-options.ts";
export { findPython } from "./bridge/find-python.ts";
export { type BridgeStats, GAMABridge } from "./bridge/gama-bridge.ts";
export type { HostOptions } from "./bridge/host/host-connector.ts";
export type { Lease } from "./bridge/lease.ts";
export type { LogEntry } from "./bridge/log-entry.ts";
export type {
  OperationData,
  OperationName,
  OperationPart,
  OperationResult,
  StreamedName,
} from "./bridge/operation-types.ts";
export type {
  Attention,
  Capability,
  ClipFailure,
  DType,
  ErrorCode,
  Interval,
  LongAudio,
  Pooling,
  Preset,
  Quantization,
  Weights,
} from "./bridge/protocol.gen.ts";
export { sharedBridge } from "./bridge/shared-bridge.ts";
export type { TensorValue, TypedArray } from "./bridge/tensors.ts";
export type { HostReference, TransportKind } from "./bridge/transport.ts";
// Clusters
export { type ClusterOptions, type ClusterSource, cluster } from "./cluster/cluster.ts";
export {
  type ClusterAgreement,
  ClusterOutcome,
  type ClusterStability,
} from "./cluster/cluster-outcome.ts";

// Comparison
export { type FewShotInput, type FewShotOutcome, fewShot } from "./compare/few-shot.ts";
export { type PaddedFrames, padFrames } from "./compare/pad-frames.ts";
export {
  type PairedDifference,
  type PairedOutcomes,
  pairedDifference,
} from "./compare/paired-difference.ts";
export {
  type ProbeInput,
  type ProbeOutcome,
  probe,
  type StatisticsOptions,
} from "./compare/probe.ts";
export { probeTags, type TagInput, type TagOutcome } from "./compare/probe-tags.ts";
export { type RetrievalInput, type RetrievalOutcome, retrieve } from "./compare/retrieve.ts";
// Embeddings
export { type EmbedOptions, embed } from "./embed.ts";
export type { EmbedSource, ManifestClip, ManifestClips } from "./embedding/clip-row.ts";
export {
  type EmbeddingFacts,
  type EmbeddingFailure,
  EmbeddingTable,
} from "./embedding/embedding-table.ts";
// Errors
export type { GrymErrorCode, LocalErrorCode } from "./error-codes.ts";
export {
  CallTimeoutError,
  CapabilityError,
  ClosedError,
  GrymError,
  HostError,
  InvalidArgumentError,
  OperationFailedError,
  ProcessExitError,
  ProcessStartError,
  ProfileLostError,
  PythonError,
  QueueFullError,
  WireError,
} from "./errors.ts";
// Memory
export type { PlannedService, PlanOptions } from "./memory/make-plan.ts";
export {
  type MemoryConfig,
  MemoryManager,
  type MonitoringHandle,
} from "./memory/memory-manager.ts";
export {
  type MemoryFit,
  MemoryPlan,
  type MemoryProbe,
  type PlanComparison,
} from "./memory/memory-plan.ts";
export { type DeviceMemory, MemoryReport, type PythonMemory } from "./memory/memory-report.ts";
export type { NodeMemory, NodeTimeline } from "./memory/node-memory.ts";
export { type ProfileOptions, profile } from "./memory/profile.ts";
export type { ReleasedResources, ReleaseOptions } from "./memory/release.ts";
export type { MemorySpan, MemoryTimeline, PhaseSummary } from "./memory/spans.ts";
export type {
  Answer,
  AnswerStreamOptions,
  Answers,
  AudioQuestion,
  DescribeOptions,
  ProcessedAudio,
  ProcessingOptions,
  TextPiece,
  WindowAnswer,
} from "./models/answer-types.ts";
export type {
  FeatureOptions,
  FeatureStreamOptions,
  Features,
  FeaturesEnd,
  FeaturesPart,
} from "./models/feature-types.ts";
// Models
export type {
  DownloadOptions,
  GAMAModelConfig,
  VerificationOptions,
} from "./models/gama-model-config.ts";
export { GAMAModelManager } from "./models/gama-model-manager.ts";
export { GAMAService } from "./models/gama-service.ts";
export {
  type MelStatisticsKind,
  type MelStatisticsOptions,
  MelStatisticsService,
} from "./models/mel-statistics-service.ts";
export type { MemoryPhase, MemoryUsage, PeakSource } from "./models/memory-usage.ts";
export type {
  ModelInfo,
  ModelService,
  ModelStatus,
  ServiceOptions,
} from "./models/model-service.ts";
export {
  listModels,
  type ModelStore,
  type ModelVerdict,
  removeModel,
  type StoredModel,
} from "./models/model-store.ts";
export type { ResultEnvelope, TimeSpan } from "./models/result-envelope.ts";
export type { ClipScores, ScoredAudio, ScoredClips, ScoreOptions } from "./models/score-types.ts";
export {
  type SpokenWord,
  type TranscribeOptions,
  Transcript,
  type Transcripts,
} from "./models/transcript.ts";
export { Wav2Vec2Service } from "./models/wav2vec2-service.ts";
// Notebook
export { type HelpOptions, help } from "./notebook/help.ts";
export { Timed, type TimedMemory, type TimedOptions, timed } from "./notebook/timed.ts";
// Records
export { type Environment, readEnvironment } from "./records/environment.ts";
export { formatRecord, formatRows } from "./records/format-record.ts";
export {
  isMet,
  type RecordContent,
  type RecordOptions,
  type RecordRow,
  type RunRecord,
  readRecord,
  type Target,
  writeRecord,
} from "./records/record.ts";
