/** Runs cells, one at a time, and tells how each ended. */

import { types } from "node:util";
import { constants, Script } from "node:vm";
import { Cell, KeyboardInterrupt, runInCell } from "./cell.ts";
import { type CellHelpers, cellHelpers, type KeptValues } from "./cell-helpers.ts";
import { displayContent, toMimeBundle } from "./display.ts";
import type { ModuleVersions } from "./module-versions.ts";
import type { RunOrder, ToWorker } from "./thread-messages.ts";
import type { Tracebacks } from "./traceback.ts";

/** Runs cells on this thread. */
export class CellRunner {
  readonly #post: (message: ToWorker) => void;
  readonly #versions: ModuleVersions;
  readonly #tracebacks: Tracebacks;
  readonly #kept: KeptValues = new Map();
  #last: Cell | undefined;

  constructor(post: (message: ToWorker) => void, versions: ModuleVersions, tracebacks: Tracebacks) {
    this.#post = post;
    this.#versions = versions;
    this.#tracebacks = tracebacks;
  }

  /** The cell that runs or, when none does, the last one. */
  get last(): Cell | undefined {
    return this.#last;
  }

  run(order: RunOrder): void {
    const cell = new Cell(order);
    this.#last = cell;
    this.#tracebacks.add(order);
    // In a microtask of its own: an interrupt ends the whole stack, so none of the kernel's frames
    // may wait on it.
    queueMicrotask(() => {
      runInCell(cell, () => this.#start(cell));
    });
  }

  /** Ends the running cell with a KeyboardInterrupt. The code on its stack is gone already. */
  interrupt(): void {
    this.#versions.dropUnfinished();
    const cell = this.#last;
    if (cell === undefined || cell.finished) return;
    cell.interrupt();
    this.#finish(cell, new KeyboardInterrupt());
  }

  #start(cell: Cell): void {
    this.#evaluate(cell).then(
      () => this.#finish(cell),
      (error: unknown) => this.#finish(cell, error, true),
    );
  }

  async #evaluate(cell: Cell): Promise<void> {
    const { order } = cell;
    this.#versions.refresh();
    for (const name of order.declares) defineGlobal(name);
    const script = new Script(order.code, {
      filename: cell.fileName,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    // The rewrite makes every script an expression of this type.
    const body = script.runInThisContext() as (
      helpers: CellHelpers,
    ) => Promise<[unknown] | undefined>;
    const result = await body(cellHelpers(cell, this.#versions, this.#kept));
    if (result === undefined) return;
    // A promise as last expression is awaited: `display(x)` and `service.describe(clip)` belong to
    // the cell that says them, also when they fail.
    const value = types.isPromise(result[0]) ? await cell.interruptible(result[0]) : result[0];
    if (value === undefined) return;
    const data = await toMimeBundle(value);
    if (cell.finished || Object.keys(data).length === 0) return;
    const content = displayContent({ data }, order.executionCount);
    const text = String(data["text/plain"] ?? "");
    this.#post({ type: "result", cell: order.cell, content, text });
  }

  #finish(cell: Cell, error?: unknown, failed = error !== undefined): void {
    if (cell.finished) return;
    // An interrupt may end this function anywhere, as a report runs code of the error; then it is called
    // again. Said twice is harmless, never said is a kernel that waits for ever.
    const report = failed ? this.#tracebacks.report(error) : undefined;
    this.#post({ type: "done", cell: cell.order.cell, error: report });
    cell.finished = true;
  }
}

/** Makes a name assignable in strict code; what it held stays until the cell assigns. */
function defineGlobal(name: string): void {
  if (Object.hasOwn(globalThis, name)) return;
  Object.defineProperty(globalThis, name, {
    value: undefined,
    writable: true,
    configurable: true,
    enumerable: true,
  });
}
