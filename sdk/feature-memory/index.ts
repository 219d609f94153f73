/** grym-synth/patterns: a store for embeddings, and what is learnt and recognised with it. */

export type { FeatureMemoryErrorCode } from "../error-codes.ts";
// Recognition
export {
  type CalibratedThreshold,
  type CalibrationClip,
  calibrateThreshold,
} from "./core/calibrate-threshold.ts";
// Learning
export {
  type LearningModel,
  type LearnOptions,
  type PatternLearningOptions,
  PatternLearningSystem,
} from "./core/pattern-learning-system.ts";
export {
  type PatternRecognitionOptions,
  PatternRecognizer,
  type RecognitionQueryOptions,
  type RecognitionResult,
  type RecognitionSettings,
} from "./core/pattern-recognizer.ts";
// Storage
export { PatternStorage } from "./core/pattern-storage.ts";
export { type ToPatternsOptions, toPatterns } from "./core/to-patterns.ts";
export type {
  AudioPattern,
  LabelCriteria,
  PatternAudioProperties,
  PatternCriteria,
  PatternMetadata,
  PatternModel,
  PatternQuery,
  PatternStorageOptions,
  PatternUpdate,
  SearchOptions,
  SimilarPattern,
  StorageMetrics,
  StoreManyOptions,
  StoreRepair,
} from "./core/types.ts";
// Errors
export { FeatureMemoryError } from "./feature-memory-error.ts";
export type { Hit } from "./storage/vector-scan.ts";
