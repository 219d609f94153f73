import { CallTimeoutError, InvalidArgumentError } from "../errors.ts";
import type { Request } from "./protocol.gen.ts";
import type { TypedArray } from "./tensors.ts";

/** What is worked first: what someone waits for, then what runs in the background. */
export type Priority = NonNullable<Request["priority"]>;

/** How far a call has come. */
export interface Progress {
  /** What is being done: `import`, `read`, `build`, `encode` … */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** What `done` and `total` count: `clips`, `bytes` … */
  readonly unit: string;
  readonly message: string;
}

/** Options of every call that takes time. */
export interface CallOptions {
  /** Aborting rejects the call at once with the signal's reason, and tells Python to stop. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The call rejects with `CallTimeoutError` after this many milliseconds.
   * Minimum: above 0. Maximum: 2^31 - 1 (what a timer can count).
   * @default no limit
   */
  readonly timeoutMs?: number | undefined;
  /**
   * `background`: worked when no user's call waits; it is not interrupted by one.
   * @default "user"
   */
  readonly priority?: Priority | undefined;
  /** Called as the work moves, at most 20 times a second. An error it throws fails the call. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Options of a call whose result is one tensor. */
export interface ExecuteOptions extends CallOptions {
  /**
   * Takes the tensor of the result, whose `data` is then the beginning of this array: memory that was
   * touched before is filled several times faster than fresh memory. Of the tensor's type, and long enough;
   * not for two calls at a time.
   */
  readonly out?: TypedArray | undefined;
}

/** Options of a call whose answer comes in parts. */
export interface StreamOptions extends CallOptions {
  /**
   * Parts that may be on their way, wait to be taken, or are worked on by the loop, at once.
   * @default 4
   */
  readonly window?: number | undefined;
}

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws InvalidArgumentError a time that a timer cannot count */
export function validateTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS)) return;
  throw new InvalidArgumentError("timeoutMs", "above 0 and at most 2147483647", timeoutMs);
}

/** @throws InvalidArgumentError not a number of parts */
export function validateWindow(window: number): void {
  if (Number.isSafeInteger(window) && window >= 1) return;
  throw new InvalidArgumentError("window", "a whole number from 1", window);
}

/**
 * Runs several calls within one time limit.
 *
 * @param work is called at once; its argument tells what is left for the next call, at least 1 ms
 * @throws CallTimeoutError with the whole limit, which the caller knows, not with what was left
 */
export async function withinLimit<Result>(
  timeoutMs: number | undefined,
  work: (timeLeft: () => number | undefined) => Promise<Result>,
): Promise<Result> {
  validateTimeout(timeoutMs);
  const start = performance.now();
  const timeLeft = (): number | undefined =>
    timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - (performance.now() - start));
  try {
    return await work(timeLeft);
  } catch (error) {
    throw withWholeLimit(error, timeoutMs);
  }
}

/** The error of a call that had only what was left of a limit, with the limit that the caller knows. */
export function withWholeLimit(error: unknown, timeoutMs: number | undefined): unknown {
  if (timeoutMs === undefined || !(error instanceof CallTimeoutError)) return error;
  return new CallTimeoutError(error.operation, timeoutMs);
}
