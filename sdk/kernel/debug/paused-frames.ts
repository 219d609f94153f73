/** The stack of a paused cell, in the user's lines. */

import type { Debugger, Runtime } from "node:inspector";
import { SourceMap, type SourceMapPayload } from "node:module";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import type { MainInspector } from "../main-inspector.ts";
import type { JsonObject } from "../wire-message.ts";
import type { CellScripts } from "./cell-scripts.ts";
import type { Variables } from "./variables.ts";

const KERNEL_FOLDER = new URL("../", import.meta.url).href;
const INLINE_MAP = /^data:application\/json;base64,/;

export class PausedFrames {
  readonly #inspector: MainInspector;
  readonly #cells: CellScripts;
  readonly #variables: Variables;
  readonly #scripts = new Map<string, { url: string; map: string | undefined }>();
  #frames: readonly Debugger.CallFrame[] | undefined;

  constructor(inspector: MainInspector, cells: CellScripts, variables: Variables) {
    this.#inspector = inspector;
    this.#cells = cells;
    this.#variables = variables;
  }

  get isPaused(): boolean {
    return this.#frames !== undefined;
  }

  addScript({ scriptId, url, sourceMapURL }: Debugger.ScriptParsedEventDataType): void {
    this.#scripts.set(scriptId, { url, map: sourceMapURL });
  }

  paused({ callFrames }: Debugger.PausedEventDataType): void {
    this.#frames = callFrames;
  }

  resumed(): void {
    this.#frames = undefined;
  }

  /** DAP's body: frames of cells and of the files that they import. */
  stackTrace(): JsonObject {
    const stackFrames = (this.#frames ?? []).flatMap((frame, id) => {
      const place = this.#placeOf(frame.location);
      if (place === undefined) return [];
      const { path, line, column } = place;
      const name = frame.functionName || "cell";
      return [{ id: id + 1, name, line, column, source: { path, name: basename(path) } }];
    });
    return { stackFrames, totalFrames: stackFrames.length };
  }

  /** DAP's body: what a frame can see. At the top level of a cell its names are globals. */
  scopes(frameId: number): JsonObject {
    const chain = this.#frames?.[frameId - 1]?.scopeChain ?? [];
    const idsOf = (types: readonly string[]): string[] =>
      chain.flatMap(({ type, object }) =>
        types.includes(type) && object.objectId !== undefined ? [object.objectId] : [],
      );
    const scope = (name: string, reference: number): JsonObject => ({
      name,
      variablesReference: reference,
      expensive: false,
    });
    const locals = this.#variables.reference(idsOf(["local", "block", "catch", "with"]));
    const closure = this.#variables.reference(idsOf(["closure"]));
    const globals = this.#variables.reference(idsOf(["global"]), this.#cells.declared);
    return {
      scopes: [scope("Locals", locals), scope("Closure", closure), scope("Globals", globals)],
    };
  }

  /**
   * Value of an expression in a frame, or in the globals where no frame is named or paused.
   *
   * @throws Error with the message of what the expression throws
   */
  async evaluate(expression: string, frameId: number): Promise<Runtime.RemoteObject> {
    const frame = this.#frames?.[frameId - 1];
    const parameters = { expression, generatePreview: true, silent: true };
    const answer =
      frame === undefined
        ? await this.#inspector.command<Runtime.EvaluateReturnType>("Runtime.evaluate", parameters)
        : await this.#inspector.command<Debugger.EvaluateOnCallFrameReturnType>(
            "Debugger.evaluateOnCallFrame",
            { ...parameters, callFrameId: frame.callFrameId },
          );
    const { exceptionDetails, result } = answer;
    if (exceptionDetails === undefined) return result;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }

  #placeOf(
    location: Debugger.Location,
  ): { path: string; line: number; column: number } | undefined {
    const script = this.#scripts.get(location.scriptId);
    if (script === undefined) return undefined;
    const position = { line: location.lineNumber + 1, column: (location.columnNumber ?? 0) + 1 };
    const cell = this.#cells.originalOf(script.url, position);
    if (cell !== undefined) return { path: cell.path, ...cell.position };
    const { url, map } = script;
    const isUsers = url.startsWith("file:") && !url.startsWith(KERNEL_FOLDER);
    if (!isUsers || url.includes("/node_modules/")) return undefined;
    return { path: fileURLToPath(url.replace(/\?v=\d+$/, "")), ...throughMap(map, position) };
  }
}

/** A place in the source of a loaded file, by the map that the loader has put into it. */
function throughMap(
  url: string | undefined,
  position: { line: number; column: number },
): { line: number; column: number } {
  if (url === undefined || !INLINE_MAP.test(url)) return position;
  const text = Buffer.from(url.replace(INLINE_MAP, ""), "base64").toString("utf8");
  const map = new SourceMap(JSON.parse(text) as SourceMapPayload); // written by our loader
  const entry = map.findEntry(position.line - 1, position.column - 1);
  if (!("originalLine" in entry)) return position;
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}
