/** The run of a cell: its identity for everything that happens in its asynchronous context. */

import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import {
  setImmediate as nextTurn,
  setTimeout as startTimer,
  clearTimeout as stopTimer,
} from "node:timers";
import { pathToFileURL } from "node:url";

/** What a stopped cell is told; the name is the one that Jupyter front ends know. */
export class KeyboardInterrupt extends Error {
  override readonly name = "KeyboardInterrupt";

  constructor() {
    super("interrupted");
  }
}

/** How long the `finally` blocks of an interrupted cell may go on awaiting. */
const GRACE_MS = 1000;

/** How long a cell waits for the displays that it does not await. */
const DISPLAY_LIMIT_MS = 10_000;

/** One run of one cell. */
export class Cell {
  /** Serial number of the run. */
  readonly number: number;
  /** Whether its front end can ask the user for input. */
  readonly allowStdin: boolean;
  finished = false;
  #interruptedAt: number | undefined;
  readonly #waiting = new Set<(reason: KeyboardInterrupt) => void>();
  readonly #held = new Set<Promise<unknown>>();
  readonly #stop = new AbortController();

  constructor(number: number, allowStdin = false) {
    this.number = number;
    this.allowStdin = allowStdin;
  }

  /** Address of the script in stack traces; relative imports of the cell start from its folder. */
  get fileName(): string {
    return cellUrl(this.number);
  }

  /** Aborts when the cell is interrupted: for libraries that work on its behalf. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Rejects what the cell awaits, so that its `finally` blocks run; what they await is awaited for a second. */
  interrupt(): void {
    this.#interruptedAt = performance.now();
    this.#stop.abort(new KeyboardInterrupt());
    for (const reject of this.#waiting) reject(new KeyboardInterrupt());
    this.#waiting.clear();
  }

  /** Takes note of work without which the output of the cell is not whole. */
  hold(work: Promise<unknown>): void {
    const settled = (): unknown => this.#held.delete(work);
    this.#held.add(work);
    work.then(settled, settled);
  }

  /**
   * Waits for what {@link hold} was given: front ends without a window hear nothing of a cell after its end.
   *
   * @returns false when it takes longer than ten seconds.
   */
  async shown(): Promise<boolean> {
    const until = performance.now() + DISPLAY_LIMIT_MS;
    while (this.#held.size > 0) {
      if (!(await settledBefore(until, this.#held))) return false;
      // Errors that nobody handles are told to the process after a turn of the event loop.
      await new Promise((resolve) => nextTurn(resolve));
    }
    return true;
  }

  /** What an `await` of the cell waits for. */
  awaited(value: unknown): unknown {
    if (this.#interruptedAt !== undefined) return lastAwait(value, this.#interruptedAt);
    return isThenable(value) ? this.interruptible(value) : value;
  }

  /**
   * A promise like `value` that an interrupt rejects.
   *
   * Not `Promise.race` with one long-lived promise: that keeps every value alive until it settles.
   */
  interruptible<T>(value: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      value.then(
        (result) => {
          this.#waiting.delete(reject);
          resolve(result);
        },
        (error: unknown) => {
          this.#waiting.delete(reject);
          reject(error);
        },
      );
    });
  }
}

/**
 * An `await` after the interrupt. It takes a turn of the event loop, and after the grace it never ends: code
 * that catches every error and awaits again would else keep the thread for ever.
 */
function lastAwait(value: unknown, interruptedAt: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (performance.now() - interruptedAt > GRACE_MS) return;
    nextTurn(() => Promise.resolve(value).then(resolve, reject));
  });
}

/** Whether all of the work settles before a time of `performance.now()`. */
function settledBefore(until: number, work: Iterable<Promise<unknown>>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = startTimer(resolve, until - performance.now(), false);
    void Promise.allSettled(work).then(() => {
      stopTimer(timer);
      resolve(true);
    });
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === "object" && value !== null) || typeof value === "function") &&
    "then" in value &&
    typeof value.then === "function"
  );
}

const storage = new AsyncLocalStorage<Cell>();

/** The cell to which the running code belongs, also long after that cell has ended. */
export function currentCell(): Cell | undefined {
  return storage.getStore();
}

/** Runs a function as part of a cell. */
export function runInCell<T>(cell: Cell, body: () => T): T {
  return storage.run(cell, body);
}

/** Address of the script of a run. */
export function cellUrl(cell: number): string {
  return pathToFileURL(join(process.cwd(), `__cell_${cell}.ts`)).href;
}

/** The run whose script has this address, in a URL, a path or a line of a stack trace. */
export const CELL_FILE: RegExp = /\/__cell_(\d+)\.ts/;
