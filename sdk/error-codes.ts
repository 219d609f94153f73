/** Every code of the family in `errors.ts`. */
import type { ErrorCode } from "./bridge/protocol.gen.ts";

/** Codes of errors that arise in this process. */
export type LocalErrorCode =
  | "process_start"
  | "process_exit"
  | "timeout"
  | "closed"
  | "host"
  | "invalid_argument"
  | "leakage"
  | "profile_lost"
  | "queue_full"
  | "study_file"
  | "wire";

/** Codes of patterns and their store. */
export type FeatureMemoryErrorCode =
  /** No pattern has that id. */
  | "pattern_not_found"
  /** A field of the pattern is not what it has to be. */
  | "pattern_invalid"
  /** Features of another model, revision, layer or pooling than the store's. */
  | "pattern_wrong_model"
  | "pattern_wrong_dimension"
  /** A feature is NaN or infinite. */
  | "pattern_not_finite"
  /** No rights on the folder, or a disk that is read-only. */
  | "store_unwritable"
  /** No room on the disk. */
  | "store_full"
  /** Files of the store are damaged or missing, and no whole version is near. */
  | "store_damaged"
  /** Other writers were always faster. */
  | "store_conflict"
  /** The store holds as many patterns as it was allowed to. */
  | "store_limit"
  /** Anything else that the database reports; it is the `cause`. */
  | "store_failed";

/** Codes of the directory of a comparison. */
export type RunErrorCode =
  /** A file is not what the seal or the journal says of it. */
  | "run_damaged"
  /** Another process writes it. */
  | "run_locked"
  /** It was begun with other code, data, arms or machine than now. */
  | "run_changed"
  /** It is sealed or closed: nothing more is written. */
  | "run_sealed"
  /** The disk is full, or may not be written. */
  | "run_unwritable";

/** Every code that a `GrymError` can have. */
export type GrymErrorCode = ErrorCode | LocalErrorCode | FeatureMemoryErrorCode | RunErrorCode;

/** Errors that one clip can have without spoiling the others. */
const CLIP_FAULTS: ReadonlySet<GrymErrorCode> = new Set([
  "invalid_audio",
  "audio_not_found",
  "audio_too_long",
  "unsupported_format",
] satisfies ErrorCode[]);

/** Whether an error is that of one clip, and others of the same call can still be heard. */
export function isClipFault(code: GrymErrorCode): boolean {
  return CLIP_FAULTS.has(code);
}
