/**
 * The debugger of JupyterLab: the Debug Adapter Protocol (https://microsoft.github.io/debug-adapter-protocol/)
 * with Jupyter's additions, over the inspector session that also interrupts.
 */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { MainInspector } from "../main-inspector.ts";
import type { RunOrder } from "../thread-messages.ts";
import { describeValue } from "../value-text.ts";
import type { JsonObject } from "../wire-message.ts";
import { Breakpoints } from "./breakpoints.ts";
import { CellScripts, HASH_SEED, PATH_PREFIX, PATH_SUFFIX } from "./cell-scripts.ts";
import { PausedFrames } from "./paused-frames.ts";
import { Pauses } from "./pauses.ts";
import { EXCEPTION_FILTERS, exceptionFilter } from "./stop-reasons.ts";
import { UserScripts } from "./user-scripts.ts";
import { Variables } from "./variables.ts";

/** JavaScript has one thread. */
const THREAD = 1;
/** Where neither steps nor errors stop: our own code, Node's, and packages. */
const BLACKBOXED = ["/sdk/kernel/", "^node:", "/node_modules/"];

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
  readonly #pauses: Pauses;
  readonly #commands: Readonly<Record<string, Command>>;
  #isStarted = false;
  #isListening = false;
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
    this.#pauses = new Pauses({
      inspector,
      scripts: this.#scripts,
      breakpoints: this.#breakpoints,
      frames: this.#frames,
      stopped: (reason) =>
        this.#event("stopped", { ...reason, threadId: THREAD, allThreadsStopped: true }),
    });
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
        await this.#pauses.ask();
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
    await this.#pauses.watchErrors();
    await this.#breakpoints.start();
    this.#isStarted = true;
    return undefined;
  }

  async #detach(): Promise<Body> {
    this.#isStarted = false;
    this.#pauses.clear();
    this.#breakpoints.clear();
    this.#variables.clear();
    // It also lets a paused cell go on, and forgets all breakpoints.
    await this.#inspector.command("Debugger.disable");
    this.#frames.resumed();
    this.#scripts.clear();
    return undefined;
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#inspector.on("Debugger.scriptParsed", (script) => this.#scripts.add(script));
    this.#inspector.on("Debugger.paused", (paused) => void this.#pauses.paused(paused));
    this.#inspector.on("Debugger.resumed", () => {
      if (!this.#frames.isPaused) return;
      this.#frames.resumed();
      this.#variables.clear();
      this.#event("continued", { threadId: THREAD, allThreadsContinued: true });
    });
  }

  #event(event: string, body: JsonObject): void {
    this.#publish({ type: "event", event, body, seq: ++this.#sequence });
  }

  async #setBreakpoints(args: JsonObject): Promise<Body> {
    const lines = asList(args["breakpoints"]).map((it) => Number(Reflect.get(it, "line")));
    return { breakpoints: await this.#breakpoints.set(pathOf(args), lines) };
  }

  async #setExceptionBreakpoints({ filters }: JsonObject): Promise<Body> {
    this.#pauses.errors = exceptionFilter(Array.isArray(filters) ? filters.map(String) : []);
    if (this.#isStarted) await this.#pauses.watchErrors();
    return undefined;
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
