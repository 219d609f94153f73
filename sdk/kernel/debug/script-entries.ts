/** Pauses before the first statement of new scripts: only there is it early enough to set breakpoints in one. */

import type { Debugger } from "node:inspector";
import { pathToFileURL } from "node:url";
import type { MainInspector } from "../main-inspector.ts";

/** Files that may be CommonJS, which V8 has as a function, and a function is no script that it enters. */
const COMMONJS = /\.(?:cjs|cts|js)$/;

export class ScriptEntries {
  readonly #inspector: MainInspector;
  /** V8's name of the pause at the entry of any script. */
  #pause: string | undefined;
  /** … and of the breakpoint before everything of a CommonJS file, by its path. */
  readonly #traps = new Map<string, string>();

  constructor(inspector: MainInspector) {
    this.#inspector = inspector;
  }

  /** Pauses at the entry of new scripts, of CommonJS files only of these. */
  async watch(isNeeded: boolean, paths: readonly string[]): Promise<void> {
    if (isNeeded && this.#pause === undefined) {
      const instrumentation = "beforeScriptExecution";
      this.#pause = await this.#set("Debugger.setInstrumentationBreakpoint", { instrumentation });
    } else if (!isNeeded && this.#pause !== undefined) {
      await this.#remove(this.#pause);
      this.#pause = undefined;
    }
    for (const [path, trap] of this.#traps) {
      if (paths.includes(path)) continue;
      this.#traps.delete(path);
      await this.#remove(trap);
    }
    for (const path of paths) {
      if (!COMMONJS.test(path) || this.#traps.has(path)) continue;
      const urlRegex = `^${escaped(pathToFileURL(path).href)}(?:\\?v=\\d+)?$`;
      const place = { urlRegex, lineNumber: 0, columnNumber: 0 };
      this.#traps.set(path, await this.#set("Debugger.setBreakpointByUrl", place));
    }
  }

  /** The new script, when V8 has paused before the first statement of one. */
  entered({
    reason,
    data,
    hitBreakpoints,
    callFrames,
  }: Debugger.PausedEventDataType): string | undefined {
    if (reason === "instrumentation" && data !== undefined) {
      return String(Reflect.get(data, "scriptId"));
    }
    const traps = new Set(this.#traps.values());
    const isTrap = hitBreakpoints?.some((it) => traps.has(it)) === true;
    return isTrap ? callFrames[0]?.location.scriptId : undefined;
  }

  /** Forgets everything, as V8 does when its debugger is switched off. */
  clear(): void {
    this.#pause = undefined;
    this.#traps.clear();
  }

  async #set(method: string, parameters: object): Promise<string> {
    const answer = await this.#inspector.command<{ breakpointId: string }>(method, parameters);
    return answer.breakpointId;
  }

  async #remove(breakpointId: string): Promise<void> {
    await this.#inspector.command("Debugger.removeBreakpoint", { breakpointId });
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
