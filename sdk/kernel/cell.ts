/** The run of a cell: its identity for everything that happens in its asynchronous context. */

import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { RunOrder } from "./thread-messages.ts";

/** What a stopped cell is told; the name is the one that Jupyter front ends know. */
export class KeyboardInterrupt extends Error {
  override readonly name = "KeyboardInterrupt";

  constructor() {
    super("interrupted");
  }
}

/** One run of one cell. */
export class Cell {
  readonly order: RunOrder;
  interrupted = false;
  finished = false;
  readonly #waiting = new Set<(reason: KeyboardInterrupt) => void>();
  readonly #stop = new AbortController();

  constructor(order: RunOrder) {
    this.order = order;
  }

  /** Address of the script in stack traces; relative imports of the cell start from its folder. */
  get fileName(): string {
    return cellUrl(this.order.cell);
  }

  /** Aborts when the cell is interrupted: for libraries that work on its behalf. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Rejects what the cell awaits, now and from now on, so that its `finally` blocks run. */
  interrupt(): void {
    this.interrupted = true;
    this.#stop.abort(new KeyboardInterrupt());
    for (const reject of this.#waiting) reject(new KeyboardInterrupt());
    this.#waiting.clear();
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
