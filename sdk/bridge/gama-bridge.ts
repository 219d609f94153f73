import { showAs } from "../shown-object.ts";
import { type BridgeOptions, toSupervisorOptions } from "./bridge-options.ts";
import {
  type CallOptions,
  type ExecuteOptions,
  type StreamOptions,
  validateWindow,
} from "./call-options.ts";
import { withCallSite } from "./call-site.ts";
import { withCellSignal } from "./cell-signal.ts";
import { Lease } from "./lease.ts";
import type {
  OperationData,
  OperationName,
  OperationPart,
  OperationResult,
  StreamedName,
} from "./operation-types.ts";
import { PartQueue } from "./part-queue.ts";
import { once, streamParts } from "./part-stream.ts";
import type { CallTerms } from "./pending.ts";
import type { Ready } from "./protocol.gen.ts";
import { BufferPool, LeasedMemory, OutMemory } from "./result-memory.ts";
import { Supervisor } from "./supervisor.ts";
import type { SupervisorStats } from "./supervisor-stats.ts";

/** What the bridge has done so far. */
export interface BridgeStats extends SupervisorStats {
  /** Bytes of ended leases that wait to be used again. */
  readonly pooledBytes: number;
}

/** Parts of an answer that may be on their way at once. */
const WINDOW = 4;

/**
 * The bridge to one Python process that holds the models.
 *
 * The process starts with the first call. When it dies, a new one loads the same models and is asked
 * what the old one had not answered: a caller notices nothing but the time, and one line in the log.
 * A call of which two processes die rejects with `ProcessExitError`, and so do calls that belong to
 * their process (profiles). An idle bridge does not keep Node alive.
 *
 * @example
 * await using bridge = new GAMABridge();
 * const { features } = await bridge.executeOperation("extract_features", {
 *   audio: "clip.wav",
 *   model: "fbank",
 * });
 */
export class GAMABridge implements AsyncDisposable {
  readonly #supervisor: Supervisor;
  readonly #pool = new BufferPool();
  #shutdown: Promise<void> | undefined;

  constructor(options: BridgeOptions = {}) {
    this.#supervisor = new Supervisor(toSupervisorOptions(options));
    showAs(this, async () => (await import("./shown-bridge.ts")).bridgeBundle(this));
  }

  /** Process id of the running child. */
  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  /** Number of the running process: 1 for the first, 0 while none runs. */
  get processNumber(): number {
    return this.#supervisor.processNumber;
  }

  get isClosed(): boolean {
    return this.#shutdown !== undefined;
  }

  stats(): BridgeStats {
    return { ...this.#supervisor.stats, pooledBytes: this.#pool.bytes };
  }

  /**
   * Starts the process and waits until it is ready; calls do so by themselves. Who gives up (`signal`,
   * `timeoutMs`) leaves the process to the next one; there is no progress to be told of.
   *
   * @throws ProcessStartError no usable Python, or not ready in time
   * @throws HostError the host is of another kind, or cannot be had
   * @throws CallTimeoutError `timeoutMs` has passed
   * @throws ClosedError after `shutdown`
   * @throws the reason of `signal`, when it aborts
   */
  async initialize(options: Omit<CallOptions, "priority" | "onProgress"> = {}): Promise<Ready> {
    try {
      return await this.#supervisor.ready(withCellSignal("load_model", options));
    } catch (error) {
      throw withCallSite(error);
    }
  }

  /**
   * Asks Python to do something. The data is read before this function returns: later changes
   * to the caller's arrays have no effect. Where more than `queue.maxArenaBytes` are on their way
   * already, the call waits for room, and its arrays are read then.
   *
   * @throws OperationFailedError the operation failed; `cause` is the Python exception
   * @throws ProcessExitError processes died of it, or too often, or the call belonged to one that died
   * @throws ProcessStartError the process could not be started
   * @throws HostError the host is of another kind, was stopped, or cannot be had
   * @throws CallTimeoutError `timeoutMs` has passed
   * @throws InvalidArgumentError the data cannot be sent as it is, or the result does not fit `out`
   * @throws QueueFullError as many calls wait as may
   * @throws ClosedError after `shutdown`
   * @throws the reason of `signal`, when it aborts; in a notebook the interrupt of the cell
   */
  // Not `async`: the frame of an async function would hold `data` until the answer comes.
  executeOperation<Name extends OperationName>(
    operation: Name,
    data: OperationData<Name>,
    options: ExecuteOptions = {},
  ): Promise<OperationResult<Name>> {
    const fail = (error: unknown): never => {
      throw withCallSite(error);
    };
    try {
      const { out, ...terms } = options;
      const memory = out && new OutMemory(out);
      // Python validates the request and the protocol's tests hold its results to their types.
      const answer = this.#call(operation, data, { ...terms, memory });
      return (answer as Promise<OperationResult<Name>>).catch(fail);
    } catch (error) {
      return Promise.reject(withCallSite(error));
    }
  }

  /**
   * The same, with the arrays of the result in memory that is used again after the lease: results of
   * many megabytes come several times faster than into fresh memory.
   *
   * @throws what `executeOperation` throws
   * @example
   * using lease = await bridge.lease("extract_features", { audios, model: "gama-tiny" });
   */
  lease<Name extends OperationName>(
    operation: Name,
    data: OperationData<Name>,
    options: CallOptions = {},
  ): Promise<Lease<OperationResult<Name>>> {
    const memory = new LeasedMemory(this.#pool);
    const fail = (error: unknown): never => {
      memory.release();
      throw withCallSite(error);
    };
    try {
      const answer = this.#call(operation, data, { ...options, memory });
      return (answer as Promise<OperationResult<Name>>).then(
        (result) => new Lease(result, memory),
        fail,
      );
    } catch (error) {
      return Promise.reject(withCallSite(error));
    }
  }

  /**
   * The same, with an answer that comes in parts: Python works at most `window` parts ahead of the
   * loop that takes them, and one that waits, so that memory stays flat however long the answer is.
   * The call is made by the first `next()`, which reads the data. After a crash the next process
   * works on what is in no part yet.
   *
   * While the loop works, Python answers other calls: the loop itself may make some, and streams
   * may be taken side by side. Leaving the loop cancels the call. A stream that is taken by hand
   * needs its `return()`: one that is dropped without holds its place in Python until it is
   * collected as garbage, or the bridge is shut down.
   *
   * @returns parts, and at the end the result
   * @throws what `executeOperation` throws: after the parts that came before an error of Python, at
   *   once where the caller gave up (`signal`, `timeoutMs`, `shutdown`)
   * @example
   * for await (const { indices, features } of bridge.stream("extract_features", { audios })) …
   */
  // Not a generator, whose frame would hold `data` until the answer comes. Nor is any function made
  // here that lives on: it would hold what the one that asks has closed over.
  stream<Name extends StreamedName>(
    operation: Name,
    data: OperationData<Name>,
    options: StreamOptions = {},
  ): AsyncGenerator<OperationPart<Name>, OperationResult<Name>, void> {
    const { window = WINDOW, signal, ...rest } = options;
    const left = new AbortController();
    const parts = new PartQueue<OperationPart<Name>>();
    const terms: CallTerms = {
      ...rest,
      signal: signal ? AbortSignal.any([signal, left.signal]) : left.signal,
      onPart: parts.push.bind(parts),
    };
    const ask = once(() => {
      validateWindow(window);
      return this.#call(operation, data, terms, window);
    });
    return streamParts(ask, parts, left);
  }

  #call(
    operation: OperationName,
    data: object,
    terms: CallTerms,
    credit?: number,
  ): Promise<unknown> {
    return this.#supervisor.call(operation, data, withCellSignal(operation, terms), credit);
  }

  /**
   * Ends the process, or leaves the host that it belongs to: calls on their way reject with `ClosedError`.
   * Further calls do nothing.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#supervisor.stop();
    this.#pool.clear();
    return this.#shutdown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
