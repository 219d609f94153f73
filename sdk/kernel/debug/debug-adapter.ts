/**
 * The debugger of JupyterLab: the Debug Adapter Protocol (https://microsoft.github.io/debug-adapter-protocol/)
 * with Jupyter's additions, over the inspector session that also interrupts.
 */

import { readFileSync } from "node:fs";
import type { Debugger, Runtime } from "node:inspector";
import type { MainInspector } from "../main-inspector.ts";
import type { RunOrder } from "../thread-messages.ts";
import { describeValue } from "../value-text.ts";
import type { JsonObject } from "../wire-message.ts";
import { CellScripts, HASH_SEED, PATH_PREFIX, PATH_SUFFIX } from "./cell-scripts.ts";
import { PausedFrames } from "./paused-frames.ts";
import { Variables } from "./variables.ts";

/** JavaScript has one thread. */
const THREAD = 1;
/** Where stepping does not stop: our own code, Node's, and packages. */
const NOT_STEPPED_INTO = ["/sdk/kernel/", "^node:", "/node_modules/"];

type Body = JsonObject | undefined;
type Command = (args: JsonObject) => Body | Promise<Body>;

export class DebugAdapter {
  readonly #inspector: MainInspector;
  readonly #publish: (event: JsonObject) => void;
  readonly #cells = new CellScripts();
  readonly #variables: Variables;
  readonly #frames: PausedFrames;
  /** Lines by path, as asked for. */
  readonly #breakpoints = new Map<string, readonly number[]>();
  /** V8's ids of the breakpoints of a path. */
  readonly #placed = new Map<string, string[]>();
  readonly #commands: Readonly<Record<string, Command>>;
  #isStarted = false;
  #isListening = false;
  #sequence = 0;

  /** @param publish broadcasts a `debug_event` */
  constructor(inspector: MainInspector, publish: (event: JsonObject) => void) {
    this.#inspector = inspector;
    this.#publish = publish;
    this.#variables = new Variables(inspector);
    this.#frames = new PausedFrames(inspector, this.#cells, this.#variables);
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
      }),
      attach: () => this.#attach(),
      configurationDone: () => undefined,
      disconnect: () => this.#detach(),
      terminate: () => this.#detach(),
      dumpCell: ({ code }) => ({ sourcePath: this.#cells.addSource(String(code)) }),
      setBreakpoints: (args) => this.#setBreakpoints(args),
      setExceptionBreakpoints: () => undefined,
      source: (args) => this.#source(args),
      modules: () => ({ modules: [], totalModules: 0 }),
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
      pause: step("Debugger.pause"),
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

  /** Hands a cell to the main thread, after its breakpoints were set there. */
  run(order: RunOrder, post: (order: RunOrder) => void): void {
    this.#cells.addRun(order);
    const path = this.#cells.addSource(order.source);
    const run = (): void => post(order);
    if (this.#isStarted && this.#breakpoints.has(path)) this.#place(path).then(run, run);
    else run();
  }

  #info(): JsonObject {
    const breakpoints = [...this.#breakpoints].map(([source, lines]) => ({
      source,
      breakpoints: lines.map((line) => ({ line })),
    }));
    return {
      isStarted: this.#isStarted,
      hashMethod: "Murmur2",
      hashSeed: HASH_SEED,
      tmpFilePrefix: PATH_PREFIX,
      tmpFileSuffix: PATH_SUFFIX,
      breakpoints,
      stoppedThreads: this.#frames.isPaused ? [THREAD] : [],
      richRendering: true,
      exceptionPaths: [],
      copyToGlobals: true,
    };
  }

  async #attach(): Promise<Body> {
    this.#listen();
    await this.#inspector.command("Debugger.enable");
    await this.#inspector.command("Debugger.setBlackboxPatterns", { patterns: NOT_STEPPED_INTO });
    this.#isStarted = true;
    return undefined;
  }

  async #detach(): Promise<Body> {
    this.#isStarted = false;
    this.#breakpoints.clear();
    this.#placed.clear();
    this.#variables.clear();
    // It also lets a paused cell go on, and forgets all breakpoints.
    await this.#inspector.command("Debugger.disable");
    this.#frames.resumed();
    return undefined;
  }

  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#inspector.on("Debugger.scriptParsed", (script) => this.#frames.addScript(script));
    this.#inspector.on("Debugger.paused", (paused) => {
      this.#frames.paused(paused);
      const isBreakpoint = (paused.hitBreakpoints ?? []).length > 0;
      const reason = isBreakpoint ? "breakpoint" : "step";
      this.#event("stopped", { reason, threadId: THREAD, allThreadsStopped: true });
    });
    this.#inspector.on("Debugger.resumed", () => {
      this.#frames.resumed();
      this.#variables.clear();
      this.#event("continued", { threadId: THREAD, allThreadsContinued: true });
    });
  }

  #event(event: string, body: JsonObject): void {
    this.#publish({ type: "event", event, body, seq: ++this.#sequence });
  }

  async #setBreakpoints(args: JsonObject): Promise<Body> {
    const path = pathOf(args);
    const lines = asList(args["breakpoints"]).map((it) => Number(Reflect.get(it, "line")));
    this.#breakpoints.set(path, lines);
    const found = await this.#place(path);
    return {
      breakpoints: lines.map((line, index) => ({
        id: index,
        // Before a cell has run there is nothing to place it in; it is placed when the cell runs.
        verified: this.#cells.sourceOf(path) !== undefined,
        line: found[index] ?? line,
        source: { path },
      })),
    };
  }

  /** Sets the breakpoints of a path in its newest run; the lines that they came to. */
  async #place(path: string): Promise<(number | undefined)[]> {
    for (const breakpointId of this.#placed.get(path) ?? []) {
      await this.#inspector.command("Debugger.removeBreakpoint", { breakpointId });
    }
    const ids: string[] = [];
    const lines: (number | undefined)[] = [];
    for (const line of this.#breakpoints.get(path) ?? []) {
      const found = this.#cells.placeOf(path, line);
      lines.push(found?.line);
      if (found === undefined) continue;
      const { breakpointId } = await this.#inspector.command<Debugger.SetBreakpointByUrlReturnType>(
        "Debugger.setBreakpointByUrl",
        found.place,
      );
      ids.push(breakpointId);
    }
    this.#placed.set(path, ids);
    return lines;
  }

  #source(args: JsonObject): Body {
    const path = pathOf(args);
    return { content: this.#cells.sourceOf(path) ?? readFileSync(path, "utf8") };
  }

  async #evaluate({ expression, frameId }: JsonObject): Promise<Body> {
    const result = await this.#frames.evaluate(String(expression), Number(frameId));
    return { result: describeValue(result), ...this.#variables.value(result) };
  }

  async #inspectVariables(): Promise<Body> {
    const { result } = await this.#inspector.command<Runtime.EvaluateReturnType>(
      "Runtime.evaluate",
      {
        expression: "globalThis",
      },
    );
    const ids = result.objectId === undefined ? [] : [result.objectId];
    const reference = this.#variables.reference(ids, this.#cells.declared);
    return { variables: await this.#variables.list(reference) };
  }

  async #richInspect({ variableName, frameId }: JsonObject): Promise<Body> {
    const value = await this.#frames.evaluate(String(variableName), Number(frameId));
    return { data: { "text/plain": describeValue(value) }, metadata: {} };
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
