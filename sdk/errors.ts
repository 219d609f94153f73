/**
 * Every error that the SDK throws on purpose.
 *
 *     GrymError                      code: one of a closed union
 *     ├── OperationFailedError       crossed the wire; code: ErrorCode, cause: PythonError
 *     │   └── CapabilityError        not_capable: the model cannot do that, or has not learnt it
 *     └── (local: never crossed the wire)
 *         ├── ProcessStartError      process_start: Python not found, too old, package missing
 *         ├── ProcessExitError       process_exit: the process died while the call was pending
 *         ├── CallTimeoutError       timeout: the call took longer than its `timeoutMs`
 *         ├── ClosedError            closed: the bridge or service was shut down
 *         ├── HostError              host: a detached host does not fit, was stopped, or cannot be had
 *         ├── InvalidArgumentError   invalid_argument: refused before anything was sent
 *         │   └── StudyRefusedError  the same code: a study whose numbers would mislead
 *         │                          (exported by `grym-synth/compare`)
 *         ├── FeatureMemoryError     one of FeatureMemoryErrorCode: a pattern or its store
 *         │                          (exported by `grym-synth/patterns`)
 *         ├── LeakageError           leakage: one source or one sound on both sides of a split
 *         │                          (exported by `grym-synth/compare`)
 *         ├── QueueFullError         queue_full: too many calls wait
 *         ├── RunError               one of RunErrorCode: the directory of a comparison
 *         │                          (exported by `grym-synth/compare`)
 *         ├── ProfileLostError       profile_lost: the profiled process ended; `value` is what the work gave
 *         ├── StudyFileError         study_file: a file gives no study; its `path` and `line`
 *         │                          (exported by `grym-synth/compare`)
 *         └── WireError              wire: an answer that is not the protocol
 *     PythonError                    the Python exception, as `cause`; its stack is the traceback
 *
 * An aborted call rejects with the reason of its own signal, which is outside this family:
 * the caller who aborts knows what they passed.
 */

import type { ErrorCode, WireError as WireErrorData } from "./bridge/protocol.gen.ts";
import type { GrymErrorCode } from "./error-codes.ts";

/** Root of the family. */
export abstract class GrymError extends Error {
  override readonly name: string = "GrymError";
  abstract readonly code: GrymErrorCode;
}

/** The exception as Python saw it: `name` is its class, `stack` its traceback. */
export class PythonError extends Error {
  override readonly name: string;

  constructor(type: string, message: string, traceback: string) {
    super(message);
    this.name = type;
    if (traceback !== "") this.stack = traceback;
  }
}

/** An operation failed in the Python process. */
export class OperationFailedError extends GrymError {
  override readonly name: string = "OperationFailedError";
  readonly code: ErrorCode;
  readonly operation: string;
  /** What the error said beside its message: sizes, names, limits. */
  readonly details: Readonly<Record<string, unknown>>;
  declare readonly cause: PythonError;

  constructor(operation: string, error: WireErrorData) {
    const cause = new PythonError(error.type, error.message, error.traceback ?? "");
    super(`${operation}: ${error.message}`, { cause });
    this.operation = operation;
    this.code = error.code;
    this.details = error.details ?? {};
  }
}

/** The model cannot do that (`processAudio` of an encoder), or was not shown to have learnt it. */
export class CapabilityError extends OperationFailedError {
  override readonly name = "CapabilityError";
}

/** The error class for a code that crossed the wire. */
export function operationError(operation: string, error: WireErrorData): OperationFailedError {
  return error.code === "not_capable"
    ? new CapabilityError(operation, error)
    : new OperationFailedError(operation, error);
}

/** The Python process could not be started. The message says what to do. */
export class ProcessStartError extends GrymError {
  override readonly name = "ProcessStartError";
  readonly code = "process_start";
  readonly command: string;
  readonly stderrTail: string;

  constructor(command: string, reason: string, stderrTail = "", cause?: unknown) {
    const tail = stderrTail.trim() === "" ? "" : `\n\n${lastLines(stderrTail)}`;
    super(
      `Cannot start \`${command}\`: ${reason}${tail}`,
      cause === undefined ? undefined : { cause },
    );
    this.command = command;
    this.stderrTail = stderrTail;
  }
}

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderrTail: string;
}

/**
 * The Python process ended while a call was pending, and the call was not, or could not be, repeated:
 * processes died of it before, it belonged to that process, or processes died too often.
 */
export class ProcessExitError extends GrymError {
  override readonly name = "ProcessExitError";
  readonly code = "process_exit";
  readonly operation: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last 64 kB that the process wrote to stderr and logged, in the order of arrival. */
  readonly stderrTail: string;
  /** Processes that ended while they worked on this call. */
  readonly attempts: number;

  /** @param why it was not repeated */
  constructor(operation: string, end: ProcessEnd, attempts = 1, why = "") {
    const how = end.signal === null ? `ended with code ${end.exitCode}` : `died of ${end.signal}`;
    const reason = why === "" ? "" : ` (${why})`;
    const tail = end.stderrTail.trim() === "" ? "" : `\n\n${lastLines(end.stderrTail)}`;
    super(`The Python process ${how} during \`${operation}\`${reason}${tail}`);
    this.operation = operation;
    this.attempts = attempts;
    this.exitCode = end.exitCode;
    this.signal = end.signal;
    this.stderrTail = end.stderrTail;
  }
}

/** So many calls wait already that one more is a mistake: await some of them first. */
export class QueueFullError extends GrymError {
  override readonly name = "QueueFullError";
  readonly code = "queue_full";
  readonly operation: string;

  constructor(operation: string, maxQueued: number) {
    super(
      `\`${operation}\` was refused: ${maxQueued} calls wait already. Await some of them first`,
    );
    this.operation = operation;
  }
}

/** The call took longer than its `timeoutMs`; Python was told to stop working on it. */
export class CallTimeoutError extends GrymError {
  override readonly name = "CallTimeoutError";
  readonly code = "timeout";
  readonly operation: string;
  readonly timeoutMs: number;

  constructor(operation: string, timeoutMs: number) {
    super(`\`${operation}\` took longer than ${timeoutMs} ms`);
    this.operation = operation;
    this.timeoutMs = timeoutMs;
  }
}

/** The bridge or service was shut down; make a new one. */
export class ClosedError extends GrymError {
  override readonly name = "ClosedError";
  readonly code = "closed";

  constructor(what: string) {
    super(`The ${what} was shut down`);
  }
}

/** The detached host cannot be used: it does not fit, was stopped, or cannot be had. The message says what to do. */
export class HostError extends GrymError {
  override readonly name = "HostError";
  readonly code = "host";

  constructor(message: string, cause?: unknown) {
    const why = cause === undefined ? "" : `: ${cause instanceof Error ? cause.message : cause}`;
    super(`${message}${why}`, cause === undefined ? undefined : { cause });
  }
}

/** An argument was refused before anything was sent. */
export class InvalidArgumentError extends GrymError {
  override readonly name: string = "InvalidArgumentError";
  readonly code = "invalid_argument";

  /**
   * @param field what was wrong, as the caller wrote it: `data.audio.samples[3]`
   * @param expected what is accepted there
   * @param value what was given
   */
  constructor(field: string, expected: string, value: unknown) {
    super(`Expected \`${field}\` to be ${expected}, got ${describeValue(value)}`);
  }
}

/** The process that was profiled ended before the profile did: its memory can no longer be told. */
export class ProfileLostError extends GrymError {
  override readonly name = "ProfileLostError";
  readonly code = "profile_lost";
  /** What the profiled work gave all the same. */
  readonly value: unknown;

  constructor(value: unknown, cause?: unknown) {
    super(
      "The Python process ended while it was profiled (it was shut down, or it crashed and the work " +
        "caught that), so the profile is lost; what the work gave is the `value` of this error",
      cause === undefined ? undefined : { cause },
    );
    this.value = value;
  }
}

/** The other side sent something that is not the protocol. */
export class WireError extends GrymError {
  override readonly name = "WireError";
  readonly code = "wire";
}

/** Value and type, short enough for a message. */
function describeValue(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === "string") return `${JSON.stringify(value.slice(0, 80))} (string)`;
  if (typeof value === "object") return value.constructor?.name ?? "object";
  if (typeof value === "function") return "a function";
  return `\`${String(value)}\` (${typeof value})`;
}

const TAIL_LINES = 20;

function lastLines(text: string): string {
  return text.trimEnd().split("\n").slice(-TAIL_LINES).join("\n");
}
