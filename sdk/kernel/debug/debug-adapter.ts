/**
 * The debugger of JupyterLab: the Debug Adapter Protocol (https://microsoft.github.io/debug-adapter-protocol/)
 * with Jupyter's additions, over the inspector session that also interrupts.
 */

import { readFileSync } from "node:fs";
import type { Debugger } from "node:inspector";
import { basename } from "node:path";
import type { MainInspector } from "../main-inspector.ts";
import type { RunOrder } from "../thread-messages.ts";
import { describeValue } from "../value-text.ts";
import type { JsonObject } from "../wire-message.ts";
import { Breakpoints } from "./breakpoints.ts";
import { CaughtErrors } from "./caught-errors.ts";
import { CellScripts, HASH_SEED, PATH_PREFIX, PATH_SUFFIX } from "./cell-scripts.ts";
import { PausedFrames } from "./paused-frames.ts";
import {
  EXCEPTION_FILTERS,
  type ExceptionFilter,
  exceptionFilter,
  isAtError,
  stopReason,
} from "./stop-reasons.ts";
import { UserScripts } from "./user-scripts.ts";
import { Variables } from "./variables.ts";

/** JavaScript has one thread. */
const THREAD = 1;
/** Where neither steps nor errors stop: our own code, Node's, and packages. */
const BLACKBOXED = ["/sdk/kernel/", "^node:", "/node_modules/"];

/** From a place that the user has not written to the next one. */
const ONWARD = { cell: "Debugger.stepInto", called: "Debugger.stepOut" };

type Body = JsonObject | undefined;
type Command = (args: JsonObject) => Body | Promise<Body>;

export class DebugAdapter {
  readonly #inspector: MainInspector;
  readonly #publish: (event: JsonObject) => void;
  readonly #cells = new CellScripts();
  readonly #scripts = new UserScripts(this.#cells);
  readonly #breakpoints: Breakpoints;
  readonly #variables: Variables;
  readonly #frames: PausedFrames;
  readonly #caught: CaughtErrors;
  readonly #commands: Readonly<Record<string, Command>>;
  /** At which errors to stop. */
  #errors: ExceptionFilter | undefined;
  #isStarted = false;
  #isListening = false;
  /** Whether the front end waits for the next statement of a cell. */
  #isPauseAsked = false;
  #sequence = 0;

  /** @param publish broadcasts a `debug_event` */
  constructor(inspector: MainInspector, publish: (event: JsonObject) => void) {
    this.#inspector = inspector;
    this.#publish = publish;
    this.#breakpoints = new Breakpoints(inspector, this.#scripts, (breakpoint) =>
      this.#event("breakpoint", { reason: "changed", breakpoint }),
    );
    this.#variables = new Variables(inspector);
    this.#frames = new PausedFrames(inspector, this.#scripts, this.#cells, this.#variables);
    this.#caught = new CaughtErrors(inspector, this.#scripts);
    const step =
      (method: string): Command =>
      async () => {
        await inspector.command(method);
        return method === "Debugger.resume" ? { allThreadsContinued: true } : undefined;
      };
    this.#commands = {
      debugInfo: () => this.#info(),
      initialize: () => ({
        supportsConfigurationDoneRequest: true,
        supportsEvaluateForHovers: true,
        supportsModulesRequest: true,
        exceptionBreakpointFilters: EXCEPTION_FILTERS,
      }),
      attach: () => this.#attach(),
      configurationDone: () => undefined,
      disconnect: () => this.#detach(),
      terminate: () => this.#detach(),
      dumpCell: ({ code }) => ({ sourcePath: this.#cells.addSource(String(code)) }),
      setBreakpoints: (args) => this.#setBreakpoints(args),
      setExceptionBreakpoints: (args) => this.#setExceptionBreakpoints(args),
      source: (args) => this.#source(pathOf(args)),
      modules: () => this.#modules(),
      threads: () => ({ threads: [{ id: THREAD, name: "cells" }] }),
      stackTrace: () => this.#frames.stackTrace(),
      scopes: ({ frameId }) => this.#frames.scopes(Number(frameId)),
      variables: async ({ variablesReference }) => ({
        variables: await this.#variables.list(Number(variablesReference)),
      }),
      evaluate: (args) => this.#evaluate(args),
      continue: step("Debugger.resume"),
      next: step("Debugger.stepOver"),
      stepIn: step("Debugger.stepInto"),
      stepOut: step("Debugger.stepOut"),
      pause: async () => {
        this.#isPauseAsked = true;
        await inspector.command("Debugger.pause");
        return undefined;
      },
      inspectVariables: () => this.#inspectVariables(),
      richInspectVariables: (args) => this.#richInspect(args),
      copyToGlobals: (args) => this.#copyToGlobals(args),
    };
  }

  /** Answers a `debug_request`. */
  async handle(request: JsonObject): Promise<JsonObject> {
    const command = String(request["command"]);
    const response = {
      type: "response",
      request_seq: request["seq"],
      command,
      seq: ++this.#sequence,
    };
    try {
      const handler = Object.hasOwn(this.#commands, command) ? this.#commands[command] : undefined;
      if (handler === undefined) throw new Error(`the kernel's debugger has no "${command}"`);
      const args = request["arguments"];
      const body = await handler(typeof args === "object" && args !== null ? { ...args } : {});
      return { ...response, success: true, body: body ?? {} };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ...response, success: false, message };
    } finally {
      if (command === "attach") this.#event("initialized", {});
    }
  }

  /** Hands a cell to the main thread; its breakpoints are set there before its first statement. */
  run(order: RunOrder, post: (order: RunOrder) => void): void {
    this.#cells.addRun(order);
    post(order);
  }

  #info(): JsonObject {
    return {
      isStarted: this.#isStarted,
      hashMethod: "Murmur2",
      hashSeed: HASH_SEED,
      tmpFilePrefix: PATH_PREFIX,
      tmpFileSuffix: PATH_SUFFIX,
      breakpoints: this.#breakpoints.all,
      stoppedThreads: this.#frames.isPaused ? [THREAD] : [],
      richRendering: true,
      exceptionPaths: [],
      copyToGlobals: true,
    };
  }

  async #attach(): Promise<Body> {
    this.#listen();
    await this.#inspector.command("Debugger.enable");
    // Scripts without an address are texts that are evaluated for the kernel.
    const boxed = { patterns: BLACKBOXED, skipAnonymous: true };
    await this.#inspector.command("Debugger.setBlackboxPatterns", boxed);
    await this.#pauseAtErrors();
    await this.#breakpoints.start();
    this.#isStarted = true;
    return undefined;
  }

  async #detach(): Promise<Body> {
    this.#isStarted = false;
    this.#isPauseAsked = false;
    this.#errors = undefined;
    this.#breakpoints.clear();
    this.#variables.clear();
    // It also lets a paused cell go on, and forgets all breakpoints.
    await this.#inspector.command("Debugger.disable");
    this.#frames.resumed();
    this.#scripts.clear();
    this.#caught.clear();
    return undefined;
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#inspector.on("Debugger.scriptParsed", (script) => this.#scripts.add(script));
    this.#inspector.on("Debugger.paused", (paused) => void this.#paused(paused));
    this.#inspector.on("Debugger.resumed", () => {
      if (!this.#frames.isPaused) return;
      this.#frames.resumed();
      this.#variables.clear();
      this.#event("continued", { threadId: THREAD, allThreadsContinued: true });
    });
  }

  async #paused(paused: Debugger.PausedEventDataType): Promise<void> {
    const entered = this.#breakpoints.entered(paused);
    if (entered !== undefined && !(await this.#enter(entered, paused))) {
      return await this.#goOn("Debugger.resume");
    }
    if (await this.#isCaught(paused)) return await this.#goOn("Debugger.resume");
    this.#frames.paused(paused);
    const isWalk = this.#isPauseAsked || paused.reason === "step";
    const { standsIn } = this.#frames;
    if (standsIn === "user" || (standsIn !== "others" && !isWalk)) return this.#stop(paused);
    this.#frames.resumed();
    // A step out of a cell ends there, and an error on its way through our own code was shown before.
    if (standsIn !== "others") await this.#goOn(ONWARD[standsIn]);
    else {
      // Through Node's own code to the next cell it would be thousands of steps.
      if (this.#isPauseAsked) await this.#breakpoints.stopAtNextScript(true);
      await this.#goOn("Debugger.resume");
    }
  }

  /** Whether the program has paused at an error that was not asked for. */
  async #isCaught(paused: Debugger.PausedEventDataType): Promise<boolean> {
    if (this.#errors === undefined || !isAtError(paused)) return false;
    // The debugger may be switched off meanwhile.
    return await this.#caught.areCaught(paused, this.#errors).catch(() => false);
  }

  #stop(paused: Debugger.PausedEventDataType): void {
    const reason = this.#isPauseAsked ? { reason: "pause" } : stopReason(paused);
    if (this.#isPauseAsked) void this.#breakpoints.stopAtNextScript(false);
    this.#isPauseAsked = false;
    this.#event("stopped", { ...reason, threadId: THREAD, allThreadsStopped: true });
  }

  /** A new script waits for its breakpoints; whether the program stands at one of them already. */
  async #enter(id: string, { callFrames, reason }: Debugger.PausedEventDataType): Promise<boolean> {
    const script = this.#scripts.get(id);
    const [top] = callFrames;
    if (script === undefined || top === undefined) return false;
    try {
      await this.#breakpoints.enter(script);
    } catch {
      return false; // the debugger was switched off meanwhile
    }
    // At its own kind of entry V8 looks again, by itself.
    return reason !== "instrumentation" && this.#breakpoints.areAt(top.location);
  }

  /** Ends a pause that nobody is told of; an interrupt, or the end of the debugger, may have done so already. */
  async #goOn(method: string): Promise<void> {
    await this.#inspector.command(method).catch(() => undefined);
  }

  #event(event: string, body: JsonObject): void {
    this.#publish({ type: "event", event, body, seq: ++this.#sequence });
  }

  async #setBreakpoints(args: JsonObject): Promise<Body> {
    const lines = asList(args["breakpoints"]).map((it) => Number(Reflect.get(it, "line")));
    return { breakpoints: await this.#breakpoints.set(pathOf(args), lines) };
  }

  async #setExceptionBreakpoints({ filters }: JsonObject): Promise<Body> {
    this.#errors = exceptionFilter(Array.isArray(filters) ? filters.map(String) : []);
    if (this.#isStarted) await this.#pauseAtErrors();
    return undefined;
  }

  async #pauseAtErrors(): Promise<void> {
    // To V8 all errors of cells are caught: by the kernel, which reports them.
    const state = this.#errors === undefined ? "none" : "all";
    await this.#inspector.command("Debugger.setPauseOnExceptions", { state });
  }

  #source(path: string): Body {
    return { content: this.#cells.sourceOf(path) ?? readFileSync(path, "utf8") };
  }

  #modules(): JsonObject {
    const { files } = this.#scripts;
    const modules = files.map((path) => ({ id: path, name: basename(path), path }));
    return { modules, totalModules: modules.length };
  }

  async #evaluate({ expression, frameId }: JsonObject): Promise<Body> {
    const result = await this.#frames.evaluate(String(expression), Number(frameId));
    const variablesReference = this.#variables.referenceOf(result);
    return { result: describeValue(result), variablesReference };
  }

  async #inspectVariables(): Promise<Body> {
    // A new list replaces the one before, whose objects would else be kept for ever.
    if (!this.#frames.isPaused) this.#variables.clear();
    const { objectId } = await this.#frames.evaluate("globalThis", 0);
    const names = this.#cells.declared;
    const listed = objectId === undefined ? [] : [{ objectId, names }];
    return { variables: await this.#variables.list(this.#variables.reference(listed)) };
  }

  async #richInspect({ variableName, frameId }: JsonObject): Promise<Body> {
    const value = await this.#frames.evaluate(String(variableName), Number(frameId));
    return { data: { "text/plain": await this.#variables.inspected(value) }, metadata: {} };
  }

  async #copyToGlobals(args: JsonObject): Promise<Body> {
    const target = JSON.stringify(String(args["dstVariableName"]));
    const expression = `globalThis[${target}] = ${String(args["srcVariableName"])}`;
    await this.#frames.evaluate(expression, Number(args["srcFrameId"]));
    return undefined;
  }
}

function pathOf(args: JsonObject): string {
  const { source } = args;
  return typeof source === "object" && source !== null ? String(Reflect.get(source, "path")) : "";
}

function asList(value: unknown): object[] {
  return Array.isArray(value) ? value.filter((it) => typeof it === "object" && it !== null) : [];
}
