import { AsyncResource } from "node:async_hooks";
import { CallTimeoutError } from "../errors.ts";
import type { CallOptions, Progress } from "./call-options.ts";
import type { ResultMemory } from "./decode-tensors.ts";
import type { Request } from "./request.ts";

/** How a call is made, beside what its caller says: where its answer goes. */
export interface CallTerms extends CallOptions {
  /** Where the arrays of the result lie; undefined: in memory of their own. */
  readonly memory?: ResultMemory | undefined;
  /** Takes the parts of an answer that comes in parts; `grant` asks for one more. */
  readonly onPart?: ((part: unknown, grant: () => void) => void) | undefined;
}

/** A call that Python has not answered yet. */
export interface PendingCall {
  readonly operation: string;
  /** What belongs to the call: its line, and the slots that must be given back after the answer. */
  readonly attachment: Request;
  /** False once the caller has been told of an abort or timeout. */
  readonly isWaiting: boolean;
  readonly memory: ResultMemory | undefined;
  readonly onPart: CallTerms["onPart"];
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** In which the call was made: what is printed in it belongs to its cell. */
  readonly context: AsyncResource;
}

/** What the calls tell their owner. */
export interface PendingHandlers {
  /** The caller gave up: Python should be told. */
  readonly onAbandon: (id: number) => void;
  /** Whether any caller waits. */
  readonly onBusy: (isBusy: boolean) => void;
}

interface Entry extends PendingCall {
  isWaiting: boolean;
  readonly onProgress: CallOptions["onProgress"];
}

/**
 * The calls on their way. An abandoned call stays here until Python has answered it, because
 * until then Python may still read the memory that it names.
 */
export class PendingCalls {
  readonly #entries = new Map<number, Entry>();
  readonly #handlers: PendingHandlers;
  #waiting = 0;

  constructor(handlers: PendingHandlers) {
    this.#handlers = handlers;
  }

  /** Callers that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Calls whose caller gave up and that Python has not answered. */
  get abandoned(): number {
    return this.#entries.size - this.#waiting;
  }

  /** Registers a call and starts its clock. */
  open(id: number, operation: string, attachment: Request, options: CallTerms): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs, memory, onPart } = options;
      const abandon = (error: unknown): void => {
        entry.reject(error);
        this.#handlers.onAbandon(id);
      };
      const onAbort = (): void => abandon(signal?.reason);
      const timer =
        timeoutMs === undefined
          ? undefined
          : setTimeout(() => abandon(new CallTimeoutError(operation, timeoutMs)), timeoutMs);
      const settle = (act: () => void): void => {
        if (!entry.isWaiting) return;
        entry.isWaiting = false;
        signal?.removeEventListener("abort", onAbort);
        clearTimeout(timer);
        this.#count(-1);
        act();
      };
      const entry: Entry = {
        operation,
        attachment,
        isWaiting: true,
        memory,
        onPart,
        onProgress: options.onProgress,
        // Lines arrive in the context of whoever started the process; a notebook shows the output
        // of a callback below the cell in whose context it runs. A snapshot of AsyncLocalStorage
        // would do, and take a hundred times as long as all of this.
        context: new AsyncResource("GAMABridgeCall"),
        resolve: (value) => settle(() => resolve(value)),
        reject: (error) => settle(() => reject(error)),
      };
      this.#entries.set(id, entry);
      this.#count(1);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Takes the call that Python has answered. */
  take(id: number): PendingCall | undefined {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry;
  }

  get(id: number): PendingCall | undefined {
    return this.#entries.get(id);
  }

  progress(id: number, progress: Progress): void {
    const entry = this.#entries.get(id);
    if (!entry?.isWaiting || entry.onProgress === undefined) return;
    try {
      entry.context.runInAsyncScope(entry.onProgress, undefined, progress);
    } catch (error) {
      if (!entry.isWaiting) return; // the callback itself has aborted the call
      entry.reject(error);
      this.#handlers.onAbandon(id);
    }
  }

  /** Tells every waiting caller that there will be no answer; Python is told to stop, too. */
  abandonAll(error: (operation: string) => Error): void {
    for (const [id, entry] of this.#entries) {
      if (!entry.isWaiting) continue;
      entry.reject(error(entry.operation));
      this.#handlers.onAbandon(id);
    }
  }

  /** Calls that Python has not answered, oldest first. */
  entries(): (readonly [id: number, call: PendingCall])[] {
    return [...this.#entries];
  }

  #count(change: 1 | -1): void {
    this.#waiting += change;
    if (this.#waiting === 0) this.#handlers.onBusy(false);
    else if (this.#waiting === 1 && change === 1) this.#handlers.onBusy(true);
  }
}
