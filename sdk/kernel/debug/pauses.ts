/** Which of V8's pauses are stops for the user, and how the program goes on after the others. */

import type { Debugger } from "node:inspector";
import type { MainInspector } from "../main-inspector.ts";
import type { JsonObject } from "../wire-message.ts";
import type { Breakpoints } from "./breakpoints.ts";
import { CaughtErrors } from "./caught-errors.ts";
import type { PausedFrames } from "./paused-frames.ts";
import { type ExceptionFilter, isAtError, stopReason } from "./stop-reasons.ts";
import type { UserScripts } from "./user-scripts.ts";

/** From a place that the user has not written to the next one. */
const ONWARD = { cell: "Debugger.stepInto", called: "Debugger.stepOut" };

/** What a pause is judged by. */
export interface PauseContext {
  readonly inspector: MainInspector;
  readonly scripts: UserScripts;
  readonly breakpoints: Breakpoints;
  readonly frames: PausedFrames;
  /** Told of a stop, with DAP's `reason`. */
  readonly stopped: (reason: JsonObject) => void;
}

export class Pauses {
  readonly #context: PauseContext;
  readonly #caught: CaughtErrors;
  /** At which errors to stop. */
  #errors: ExceptionFilter | undefined;
  /** Whether the front end waits for the next statement of a cell. */
  #isAsked = false;

  constructor(context: PauseContext) {
    this.#context = context;
    this.#caught = new CaughtErrors(context.inspector, context.scripts);
  }

  /** Stops at the next statement of the user. */
  async ask(): Promise<void> {
    this.#isAsked = true;
    await this.#context.inspector.command("Debugger.pause");
  }

  /** Sets at which errors to stop, for now and for {@link watchErrors}. */
  set errors(filter: ExceptionFilter | undefined) {
    this.#errors = filter;
  }

  /** Tells V8 at which errors to pause; its debugger has to be on. */
  async watchErrors(): Promise<void> {
    // To V8 all errors of cells are caught: by the kernel, which reports them.
    const state = this.#errors === undefined ? "none" : "all";
    await this.#context.inspector.command("Debugger.setPauseOnExceptions", { state });
  }

  /** Forgets what was asked for. */
  clear(): void {
    this.#isAsked = false;
    this.#errors = undefined;
    this.#caught.clear();
  }

  /** V8 has paused. */
  async paused(paused: Debugger.PausedEventDataType): Promise<void> {
    const { breakpoints, frames } = this.#context;
    const entered = breakpoints.entered(paused);
    if (entered !== undefined && !(await this.#enter(entered, paused))) {
      return await this.#goOn("Debugger.resume");
    }
    if (await this.#isCaught(paused)) return await this.#goOn("Debugger.resume");
    frames.paused(paused);
    const isWalk = this.#isAsked || paused.reason === "step";
    const { standsIn } = frames;
    if (standsIn === "user" || (standsIn !== "others" && !isWalk)) return this.#stop(paused);
    frames.resumed();
    if (standsIn !== "others") return await this.#goOn(ONWARD[standsIn]);
    // Through Node's own code to the next cell it would be thousands of steps.
    if (this.#isAsked) await breakpoints.stopAtNextScript(true);
    // A step out of a cell ends here, and an error on its way through our own code was shown before.
    await this.#goOn("Debugger.resume");
  }

  #stop(paused: Debugger.PausedEventDataType): void {
    const reason = this.#isAsked ? { reason: "pause" } : stopReason(paused);
    if (this.#isAsked) void this.#context.breakpoints.stopAtNextScript(false);
    this.#isAsked = false;
    this.#context.stopped(reason);
  }

  /** Whether the program has paused at an error that was not asked for. */
  async #isCaught(paused: Debugger.PausedEventDataType): Promise<boolean> {
    if (this.#errors === undefined || !isAtError(paused)) return false;
    // The debugger may be switched off meanwhile.
    return await this.#caught.areCaught(paused, this.#errors).catch(() => false);
  }

  /** A new script waits for its breakpoints; whether the program stands at one of them already. */
  async #enter(id: string, { callFrames, reason }: Debugger.PausedEventDataType): Promise<boolean> {
    const { breakpoints, scripts } = this.#context;
    const script = scripts.get(id);
    const [top] = callFrames;
    if (script === undefined || top === undefined) return false;
    try {
      await breakpoints.enter(script);
    } catch {
      return false; // the debugger was switched off meanwhile
    }
    // At its own kind of entry V8 looks again, by itself.
    return reason !== "instrumentation" && breakpoints.areAt(top.location);
  }

  /** Ends a pause that nobody is told of; an interrupt, or the end of the debugger, may have done so already. */
  async #goOn(method: string): Promise<void> {
    await this.#context.inspector.command(method).catch(() => undefined);
  }
}
