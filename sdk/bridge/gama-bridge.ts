import { AsyncResource } from "node:async_hooks";
import { ClosedError, GrymError } from "../errors.ts";
import type { Plane } from "./arena.ts";
import type { CallOptions } from "./call-options.ts";
import { withCellSignal } from "./cell-signal.ts";
import { findPython } from "./find-python.ts";
import type { Operations, Ready } from "./protocol.gen.ts";
import { type LogEntry, Session, type SessionStats } from "./session.ts";
import type { Received, WithTensors } from "./tensors.ts";

/** The operations that a caller may ask for; `release` and `cancel` are the bridge's own. */
export type OperationName = Exclude<keyof Operations, "release" | "cancel">;
/** What an operation takes; wherever the wire has a tensor, a `TensorValue`. */
export type OperationData<Name extends OperationName> = WithTensors<Operations[Name]["data"]>;
/** What an operation answers; tensors arrive as typed arrays with their shape. */
export type OperationResult<Name extends OperationName> = Received<Operations[Name]["result"]>;

/** How the bridge starts its process. */
export interface BridgeOptions {
  /**
   * The Python to run.
   * @default GRYM_PYTHON, else the repository's `.venv`, else VIRTUAL_ENV
   */
  readonly python?: string | undefined;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * The best way for bulk data to try.
   * @default "shared_memory"
   */
  readonly plane?: Plane | undefined;
  /**
   * Time for the process to say `ready` (before torch is imported), milliseconds.
   * @default 30_000
   */
  readonly startTimeoutMs?: number | undefined;
  /** Hears stderr and the remarks of the protocol. */
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
}

/** What the bridge has done so far. */
export interface BridgeStats extends SessionStats {
  /** Processes started: 1 + restarts after crashes. */
  readonly starts: number;
}

const START_TIMEOUT_MS = 30_000;
const NO_SESSION: SessionStats = {
  pid: undefined,
  plane: "json",
  planeReason: undefined,
  calls: 0,
  waiting: 0,
  abandoned: 0,
  discardedLines: 0,
  arenaBytes: 0,
  arenaUsed: 0,
};

/**
 * The bridge to one Python process that holds the models.
 *
 * The process starts with the first call. When it dies, every call on its way rejects with
 * `ProcessExitError`, and the next call starts a new process, whose models are not loaded yet.
 * An idle bridge does not keep Node alive.
 *
 * @example
 * await using bridge = new GAMABridge();
 * const { features } = await bridge.executeOperation("extract_features", {
 *   audio: "clip.wav",
 *   model: "fbank",
 * });
 */
export class GAMABridge implements AsyncDisposable {
  readonly #options: BridgeOptions;
  #session: Session | undefined;
  #starts = 0;
  #shutdown: Promise<void> | undefined;

  constructor(options: BridgeOptions = {}) {
    const { onLog } = options;
    this.#options = onLog ? { ...options, onLog: AsyncResource.bind(onLog) } : options;
  }

  /** Process id of the running child. */
  get pid(): number | undefined {
    return this.#session?.isRunning ? this.#session.stats.pid : undefined;
  }

  /** Number of the running process: 1 for the first, 0 while none runs. */
  get processNumber(): number {
    return this.#session?.isRunning ? this.#starts : 0;
  }

  get isClosed(): boolean {
    return this.#shutdown !== undefined;
  }

  stats(): BridgeStats {
    return { ...(this.#session?.stats ?? NO_SESSION), pid: this.pid, starts: this.#starts };
  }

  /**
   * Starts the process and waits until it is ready; calls do so by themselves.
   *
   * @throws ProcessStartError no usable Python, or not ready in time
   * @throws ClosedError after `shutdown`
   */
  async initialize(): Promise<Ready> {
    return await this.#ensureSession().ready();
  }

  /**
   * Asks Python to do something. The data is read before this function returns: later changes
   * to the caller's arrays have no effect.
   *
   * @throws OperationFailedError the operation failed; `cause` is the Python exception
   * @throws ProcessExitError the process died meanwhile
   * @throws ProcessStartError the process could not be started
   * @throws CallTimeoutError `timeoutMs` has passed
   * @throws InvalidArgumentError the data cannot be sent as it is
   * @throws ClosedError after `shutdown`
   * @throws the reason of `signal`, when it aborts; in a notebook the interrupt of the cell
   */
  async executeOperation<Name extends OperationName>(
    operation: Name,
    data: OperationData<Name>,
    options: CallOptions = {},
  ): Promise<OperationResult<Name>> {
    const callSite = new Error();
    try {
      // Python validates the request and the protocol's tests hold its results to their types.
      const call = this.#ensureSession().call(operation, data, withCellSignal(operation, options));
      return (await call) as OperationResult<Name>;
    } catch (error) {
      throw withCallSite(error, callSite);
    }
  }

  /** Ends the process: calls on their way reject with `ClosedError`. Further calls do nothing. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#session
      ? this.#session.stop(() => new ClosedError("bridge"))
      : Promise.resolve();
    return this.#shutdown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  #ensureSession(): Session {
    if (this.#shutdown) throw new ClosedError("bridge");
    if (this.#session?.isRunning) return this.#session;
    const { python, env = {}, plane, startTimeoutMs = START_TIMEOUT_MS, onLog } = this.#options;
    const session = new Session({
      python: python ?? findPython(),
      plane,
      env,
      startTimeoutMs,
      onLog,
    });
    this.#session = session;
    this.#starts += 1;
    return session;
  }
}

/**
 * An error that arises when a line arrives has only the event loop on its stack; the caller wants
 * to see their own line.
 */
function withCallSite(error: unknown, callSite: Error): unknown {
  if (!(error instanceof GrymError)) return error;
  const [, , ...frames] = callSite.stack?.split("\n") ?? []; // header, and this file's own frame
  error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n");
  return error;
}
