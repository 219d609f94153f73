/** The queue of `execute_request`s: one cell at a time, those behind a failed one aborted. */

import type { CellOutputs } from "./cell-outputs.ts";
import { CellSyntaxError, internalErrorReport } from "./cell-syntax-error.ts";
import type { History } from "./history.ts";
import type { KernelRequest, Outbox } from "./outbox.ts";
import { type RewrittenCell, rewriteCell } from "./rewrite.ts";
import type { StdinChannel } from "./stdin-channel.ts";
import type { ErrorReport, ExpressionOutcome, RunOrder } from "./thread-messages.ts";
import type { CellTypes, CheckedCell } from "./types/cell-types.ts";
import { expressionReplies, userExpressions } from "./user-expressions.ts";
import type { Header, JsonObject } from "./wire-message.ts";

/** What the queue needs from the rest of the kernel. */
export interface QueueContext {
  readonly outbox: Outbox;
  readonly outputs: CellOutputs;
  readonly history: History;
  readonly stdin: StdinChannel;
  readonly nodeGlobals: ReadonlySet<string>;
  readonly types: Pick<CellTypes, "check" | "ran">;
  /** Settles when the main thread is free of interrupts. */
  ready(): Promise<void>;
  /** Hands a cell to the main thread. */
  run(order: RunOrder): void;
}

/** Report of a cell that was interrupted before it began. */
const INTERRUPTED: ErrorReport = {
  ename: "KeyboardInterrupt",
  evalue: "interrupted",
  traceback: ["\u001b[31mKeyboardInterrupt\u001b[39m: interrupted before the cell began"],
};

/** How a cell ended. */
interface Ending {
  readonly error: ErrorReport | undefined;
  readonly expressions: readonly ExpressionOutcome[];
}

interface Waiting {
  readonly request: KernelRequest;
  epoch: number;
}

interface Running {
  readonly cell: number;
  readonly parent: Header;
  readonly line: number;
  readonly silent: boolean;
  readonly stopOnError: boolean;
  readonly pages: JsonObject[];
  readonly end: (ending: Ending) => void;
  /** Aborted when the cell is interrupted. */
  readonly interrupt: AbortController;
}

/** Whether the same client wrote `header` after `other`; its dates are of one form and one clock. */
function isLater(header: Header, other: Header): boolean {
  return header.session === other.session && header.date > other.date;
}

export class ExecutionQueue {
  readonly #context: QueueContext;
  readonly #waiting: Waiting[] = [];
  /** Names beside the globals: what cells have declared so, and `require` from the start. */
  readonly #kept = new Set(["require"]);
  #running: Running | undefined;
  #draining = false;
  /** Requests that arrived in an earlier epoch are aborted. */
  #epoch = 0;
  #executionCount = 0;
  #cells = 0;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /** Request of the running cell. */
  get runningParent(): Header | undefined {
    return this.#running?.parent;
  }

  add(request: KernelRequest): void {
    this.#waiting.push({ request, epoch: this.#epoch });
    if (!this.#draining) void this.#drain();
  }

  /**
   * Notes an interrupt when it is asked for: what waits now is aborted, but not a cell that a fast
   * client sends before the interrupt has taken effect.
   *
   * @param asked header of the interrupt: a cell comes by another socket, and may overtake it
   */
  interrupt(asked: Header): void {
    if (this.#running === undefined || this.#running.interrupt.signal.aborted) return;
    this.#running.interrupt.abort();
    if (!this.#running.stopOnError) return;
    this.#epoch++;
    for (const waiting of this.#waiting) {
      if (isLater(waiting.request.message.header, asked)) waiting.epoch = this.#epoch;
    }
  }

  /** The main thread has ended a cell. */
  done(cell: number, ending: Ending): void {
    if (this.#running?.cell === cell) this.#running.end(ending);
  }

  /** Ends the running cell without the main thread, which will not answer any more. */
  abandon(error: ErrorReport): void {
    this.#running?.end({ error, expressions: [] });
  }

  /** A number for a run: of a cell, or of anything else whose output has a parent of its own. */
  nextCell(): number {
    return ++this.#cells;
  }

  page(cell: number, data: JsonObject): void {
    if (this.#running?.cell === cell) this.#running.pages.push({ source: "page", data, start: 0 });
  }

  /** Whether a result of this cell is broadcast; notes its text in the history. */
  acceptsResult(cell: number, text: string): boolean {
    const running = this.#running;
    if (running?.cell !== cell || running.silent) return false;
    this.#context.history.setOutput(running.line, text);
    return true;
  }

  async #drain(): Promise<void> {
    this.#draining = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.epoch < this.#epoch) this.#abort(next.request);
      else await this.#execute(next.request);
    }
    this.#draining = false;
  }

  #abort(request: KernelRequest): void {
    const { outbox } = this.#context;
    const parent = request.message.header;
    outbox.status(parent, "busy");
    outbox.reply(request, "execute_reply", { status: "aborted" });
    outbox.status(parent, "idle");
  }

  async #execute(request: KernelRequest): Promise<void> {
    const { outbox, outputs, history, stdin } = this.#context;
    const { header: parent, content } = request.message;
    const code = String(content["code"] ?? "");
    const silent = content["silent"] === true;
    const stored = !silent && content["store_history"] !== false;
    const line = stored ? ++this.#executionCount : this.#executionCount + 1;
    const cell = this.nextCell();
    outputs.open(cell, parent);
    stdin.open(cell, request);
    outbox.status(parent, "busy");
    if (!silent) outbox.publish(parent, "execute_input", { code, execution_count: line });
    if (stored) history.add(line, code);
    const pages: JsonObject[] = [];
    const interrupt = new AbortController();
    const checked = { cell, line, source: code, signal: interrupt.signal };
    const ended = new Promise<Ending>((end) => {
      const stopOnError = content["stop_on_error"] !== false;
      this.#running = { cell, parent, line, silent, stopOnError, pages, end, interrupt };
    });
    const failed = await this.#start(checked, content);
    const ending = failed === undefined ? await ended : { error: failed, expressions: [] };
    if (failed === undefined) {
      await this.#context.types.ran(checked, ending.error === undefined);
    }
    stdin.close();
    this.#finish(request, ending, { execution_count: line, payload: pages });
  }

  /** Hands the cell over; a report when that is not possible. */
  async #start(checked: CheckedCell, request: JsonObject): Promise<ErrorReport | undefined> {
    const { cell, line, source, signal } = checked;
    try {
      const { code, map, declares, keeps } = this.#rewrite(source);
      const refused = await this.#context.types.check(checked);
      if (refused !== undefined) return refused;
      for (const name of keeps) this.#kept.add(name);
      const expressions = userExpressions(
        request["user_expressions"],
        line,
        () => this.nextCell(),
        (text) => this.#rewrite(text),
      );
      await this.#context.ready();
      if (signal.aborted) return INTERRUPTED;
      const script = { cell, executionCount: line, source, code, map };
      const allowStdin = request["allow_stdin"] === true;
      this.#context.run({ type: "run", ...script, declares, expressions, allowStdin });
      return undefined;
    } catch (error) {
      if (error instanceof CellSyntaxError) return error.report(`Cell [${line}]`, source);
      // A fault of the kernel's own must not take the session with it.
      return internalErrorReport(error);
    }
  }

  #rewrite(source: string): RewrittenCell {
    return rewriteCell(source, this.#context.nodeGlobals, this.#kept);
  }

  #finish(request: KernelRequest, { error, expressions }: Ending, common: JsonObject): void {
    const { outbox, outputs } = this.#context;
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    outputs.flush();
    if (error === undefined) {
      const answers = { user_expressions: expressionReplies(expressions) };
      outbox.reply(request, "execute_reply", { status: "ok", ...common, ...answers });
    } else {
      outputs.error(running.cell, error);
      if (running.stopOnError && !running.interrupt.signal.aborted) this.#epoch++;
      outbox.reply(request, "execute_reply", { status: "error", ...common, ...error });
    }
    outbox.status(running.parent, "idle");
  }
}
