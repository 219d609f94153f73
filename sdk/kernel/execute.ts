/** Runs cells, one at a time, and tells how each ended. */

import { types } from "node:util";
import { constants, Script } from "node:vm";
import { Cell, cellUrl, KeyboardInterrupt, runInCell } from "./cell.ts";
import { type CellHelpers, cellHelpers } from "./cell-helpers.ts";
import { displayContent, toMimeBundle } from "./display.ts";
import { announceGlobals, type KeptNames } from "./global-names.ts";
import type { ModuleVersions } from "./module-versions.ts";
import type {
  CellScript,
  ExpressionOutcome,
  RunOrder,
  ToWorker,
  UserExpression,
} from "./thread-messages.ts";
import type { Tracebacks } from "./traceback.ts";

/** What running a cell needs from the rest of the main thread. */
export interface RunnerContext {
  readonly post: (message: ToWorker) => void;
  readonly versions: ModuleVersions;
  readonly tracebacks: Tracebacks;
  readonly kept: KeptNames;
}

/** How a cell ended, if not well. */
interface Failure {
  readonly error: unknown;
}

interface Run {
  readonly cell: Cell;
  readonly order: RunOrder;
  /** Takes back the names that the cell has not assigned. */
  retract: () => void;
}

/** Runs cells on this thread. */
export class CellRunner {
  readonly #context: RunnerContext;
  #last: Run | undefined;

  constructor(context: RunnerContext) {
    this.#context = context;
  }

  /** The cell that runs or, when none does, the last one. */
  get last(): Cell | undefined {
    return this.#last?.cell;
  }

  run(order: RunOrder): void {
    const cell = new Cell(order.cell, order.allowStdin);
    const run: Run = { cell, order, retract: () => undefined };
    this.#last = run;
    this.#context.tracebacks.add(order);
    // In a microtask of its own: an interrupt ends the whole stack, so none of the kernel's frames
    // may wait on it.
    queueMicrotask(() => {
      runInCell(cell, () => this.#start(run));
    });
  }

  /** Ends the running cell with a KeyboardInterrupt. The code on its stack is gone already. */
  interrupt(): void {
    const run = this.#last;
    this.#context.versions.dropUnfinished(run?.cell);
    if (run === undefined || run.cell.finished) return;
    run.cell.interrupt();
    this.#finish(run, { error: new KeyboardInterrupt() });
  }

  #start(run: Run): void {
    this.#evaluate(run).then(
      (expressions) => this.#finish(run, undefined, expressions),
      (error: unknown) => {
        void this.#shown(run.cell).then(() => this.#finish(run, { error }));
      },
    );
  }

  async #evaluate(run: Run): Promise<readonly ExpressionOutcome[]> {
    const { cell, order } = run;
    this.#context.versions.refresh();
    run.retract = announceGlobals(order.declares);
    const [value] = await this.#value(cell, order);
    await this.#shown(cell);
    if (value !== undefined) await this.#show(run, value);
    const outcomes: ExpressionOutcome[] = [];
    for (const it of order.expressions) outcomes.push(await this.#expression(cell, it));
    return outcomes;
  }

  /** Value of the last expression of a script, in a list: a promise would ask it for a `then`. */
  async #value(cell: Cell, { cell: number, code }: CellScript): Promise<readonly [unknown]> {
    const script = new Script(code, {
      filename: cellUrl(number),
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    // The rewrite makes every script an expression of this type.
    const body = script.runInThisContext() as (
      helpers: CellHelpers,
    ) => Promise<[unknown] | undefined>;
    const { versions, kept } = this.#context;
    const result = await body(cellHelpers(cell, versions, kept));
    if (result === undefined) return [undefined];
    // A promise as last expression is awaited: `display(x)` and `service.describe(clip)` belong to
    // the cell that says them, also when they fail.
    return types.isPromise(result[0]) ? [await cell.interruptible(result[0])] : result;
  }

  async #show({ cell, order }: Run, value: unknown): Promise<void> {
    const data = await toMimeBundle(value);
    await this.#shown(cell);
    if (cell.finished || Object.keys(data).length === 0) return;
    const content = displayContent({ data }, order.executionCount);
    const text = String(data["text/plain"] ?? "");
    this.#context.post({ type: "result", cell: cell.number, content, text });
  }

  async #expression(cell: Cell, { name, script }: UserExpression): Promise<ExpressionOutcome> {
    if ("ename" in script) return { name, error: script };
    const { tracebacks } = this.#context;
    tracebacks.add(script);
    try {
      const [value] = await this.#value(cell, script);
      const data = await toMimeBundle(value);
      return { name, content: displayContent({ data }) };
    } catch (error) {
      return { name, error: tracebacks.report(error) };
    }
  }

  /** Waits for displays that the cell does not await. */
  async #shown(cell: Cell): Promise<void> {
    if ((await cell.shown()) || cell.finished) return;
    const text =
      "A display is not ready after 10 s; it appears when it is, if anyone listens then.\n";
    this.#context.post({ type: "stream", cell: cell.number, name: "stderr", text });
  }

  #finish(
    run: Run,
    failure: Failure | undefined,
    expressions: readonly ExpressionOutcome[] = [],
  ): void {
    const { cell, retract } = run;
    if (cell.finished) return;
    // An interrupt may end this function anywhere, as a report runs code of the error; then it is called
    // again. Said twice is harmless, never said is a kernel that waits for ever.
    const error =
      failure === undefined ? undefined : this.#context.tracebacks.report(failure.error);
    if (failure !== undefined) retract();
    this.#context.post({ type: "done", cell: cell.number, error, expressions });
    cell.finished = true;
  }
}
