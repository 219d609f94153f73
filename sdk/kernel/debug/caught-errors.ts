/**
 * Whether code catches an error before it ends the cell. V8's word is no help: the kernel catches the errors
 * of all cells, so to V8 each is caught. So the `try` statements around the error are looked for in the texts.
 *
 * Who awaits an asynchronous function would be in V8's asynchronous stacks, but with those Node switches an
 * async hook on, and an interrupt in a timer then aborts the process.
 */

import type { Debugger } from "node:inspector";
import { type Program, parseSync } from "oxc-parser";
import type { MainInspector } from "../main-inspector.ts";
import { lineStarts } from "../source-map.ts";
import { isFunctionScope, type Node, namedChildren } from "../syntax-tree.ts";
import type { ExceptionFilter } from "./stop-reasons.ts";
import type { UserScripts } from "./user-scripts.ts";

/** Scripts whose parsed texts are kept: an error in a loop would have them parsed each time. */
const KEPT_TEXTS = 50;

/** A parsed script, as V8 has it. */
interface ScriptText {
  readonly lines: readonly number[];
  readonly program: Program | undefined;
}

export class CaughtErrors {
  readonly #inspector: MainInspector;
  readonly #scripts: UserScripts;
  readonly #texts = new Map<string, ScriptText>();

  constructor(inspector: MainInspector, scripts: UserScripts) {
    this.#inspector = inspector;
    this.#scripts = scripts;
  }

  /**
   * Whether an error does not concern the user: it is caught where it has not come to a cell or file of the
   * user yet or, where only uncaught errors are asked for, by any of the functions that call each other.
   */
  async areCaught(
    { callFrames }: Debugger.PausedEventDataType,
    filter: ExceptionFilter,
  ): Promise<boolean> {
    const isUsers = ({ location }: Debugger.CallFrame): boolean =>
      this.#scripts.get(location.scriptId) !== undefined;
    // Beyond the last of the user's frames the kernel's begin, which catch everything.
    const end =
      filter === "raised" ? callFrames.findIndex(isUsers) : callFrames.findLastIndex(isUsers) + 1;
    for (const { location } of callFrames.slice(0, Math.max(0, end))) {
      const { lines, program } = await this.#textOf(location.scriptId);
      const offset = (lines[location.lineNumber] ?? 0) + (location.columnNumber ?? 0);
      if (program !== undefined && catches(program, offset)) return true;
    }
    return false;
  }

  clear(): void {
    this.#texts.clear();
  }

  async #textOf(scriptId: string): Promise<ScriptText> {
    const known = this.#texts.get(scriptId);
    if (known !== undefined) return known;
    const { scriptSource } = await this.#inspector.command<Debugger.GetScriptSourceReturnType>(
      "Debugger.getScriptSource",
      { scriptId },
    );
    const text = { lines: lineStarts(scriptSource), program: parsed(scriptSource) };
    const [oldest] = this.#texts.keys();
    if (oldest !== undefined && this.#texts.size >= KEPT_TEXTS) this.#texts.delete(oldest);
    this.#texts.set(scriptId, text);
    return text;
  }
}

/** A module or, since it may return at its top, CommonJS; undefined for a text that is neither. */
function parsed(text: string): Program | undefined {
  for (const sourceType of ["module", "commonjs"] as const) {
    const { errors, program } = parseSync("script.js", text, { sourceType, lang: "js" });
    if (errors.length === 0) return program;
  }
  return undefined;
}

/** Whether a place stands in a `try` with a `catch`, in the function that it belongs to. */
export function catches(node: Node, offset: number, isOutside = false): boolean {
  for (const [field, child] of namedChildren(node)) {
    if (offset < child.start || offset >= child.end) continue;
    if (isFunctionScope(child)) return catches(child, offset);
    const isHere = node.type === "TryStatement" && field === "block" && node.handler !== null;
    return catches(child, offset, isOutside || isHere);
  }
  return isOutside;
}
