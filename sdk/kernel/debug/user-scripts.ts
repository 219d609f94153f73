/** The scripts that a user has written, as V8 has loaded them, and their lines. */

import type { Debugger } from "node:inspector";
import { SourceMap, type SourceMapPayload } from "node:module";
import { fileURLToPath } from "node:url";
import { originalPosition, type Position } from "../source-map.ts";
import { type CellRun, type CellScripts, KEPT_RUNS } from "./cell-scripts.ts";

const KERNEL_FOLDER = new URL("../", import.meta.url).href;
/** The SDK is shown when the program stands in it, but it is nothing that a user edits. */
const SDK_FOLDER = fileURLToPath(new URL("../../", import.meta.url));
const INLINE_MAP = /^data:application\/json;base64,/;
const VERSION = /\?v=\d+$/;

/** A cell's run, or a version of a local file. */
export interface UserScript {
  /** V8's name of it. */
  readonly id: string;
  /** Of the file, or what stands for one for a cell. */
  readonly path: string;
  /** Names that it makes global, if it is a cell. */
  readonly declares: ReadonlySet<string> | undefined;
  /** The user's place for one in the script. */
  userPosition(script: Position): Position;
  /** Whether a place in the script stands for one that the user wrote. */
  isWritten(script: Position): boolean;
}

export class UserScripts {
  readonly #cells: CellScripts;
  readonly #byId = new Map<string, UserScript>();
  readonly #newest = new Map<string, UserScript>();
  #cellIds: string[] = [];

  constructor(cells: CellScripts) {
    this.#cells = cells;
  }

  /** Notes a script; it is told of all scripts there are, and keeps those of the user. */
  add({ scriptId, url, sourceMapURL }: Debugger.ScriptParsedEventDataType): void {
    const script = this.#read(scriptId, url, sourceMapURL);
    if (script === undefined) return;
    this.#byId.set(scriptId, script);
    if (script.declares !== undefined) this.#forgetRuns(scriptId);
    // A debugger that is switched on hears of all scripts, in no order.
    const newest = this.#newest.get(script.path);
    if (newest === undefined || Number(newest.id) < Number(scriptId)) {
      this.#newest.set(script.path, script);
    }
  }

  /** Scripts of cells come without end. */
  #forgetRuns(added: string): void {
    this.#cellIds.push(added);
    const id = this.#cellIds.length > KEPT_RUNS ? this.#cellIds.shift() : undefined;
    const script = id === undefined ? undefined : this.#byId.get(id);
    if (script === undefined) return;
    this.#byId.delete(script.id);
    if (this.#newest.get(script.path) === script) this.#newest.delete(script.path);
  }

  get(id: string): UserScript | undefined {
    return this.#byId.get(id);
  }

  /** What runs now when a cell or a file does. */
  newest(path: string): UserScript | undefined {
    return this.#newest.get(path);
  }

  /** Local files that are loaded. */
  get files(): string[] {
    const files = [...this.#newest.values()].filter(({ declares }) => declares === undefined);
    return files.map(({ path }) => path).filter((path) => !path.startsWith(SDK_FOLDER));
  }

  clear(): void {
    this.#byId.clear();
    this.#newest.clear();
    this.#cellIds = [];
  }

  #read(id: string, url: string, mapUrl: string | undefined): UserScript | undefined {
    const run = this.#cells.runOf(url);
    if (run !== undefined) return cellScript(id, run);
    const isUsers = url.startsWith("file:") && !url.startsWith(KERNEL_FOLDER);
    if (!isUsers || url.includes("/node_modules/")) return undefined;
    return fileScript(id, fileURLToPath(url.replace(VERSION, "")), mapUrl);
  }
}

function cellScript(id: string, { path, declares, map, code }: CellRun): UserScript {
  return {
    id,
    path,
    declares: new Set(declares),
    userPosition: (script) => originalPosition(map, script),
    isWritten: ({ line, column }) => {
      const offset = (map.scriptLines[line - 1] ?? 0) + column - 1;
      const span = map.spans.find((it) => offset < it.output + it.length);
      // What the rewrite has put before a piece of the user's begins its statement (`return [`, `(`),
      // or is a statement of the kernel's own, which ends with a semicolon.
      return span !== undefined && !code.slice(offset, span.output).includes(";");
    },
  };
}

function fileScript(id: string, path: string, mapUrl: string | undefined): UserScript {
  let map: SourceMap | undefined;
  const find = ({ line, column }: Position): Position | undefined => {
    // Plain JavaScript has none.
    if (mapUrl === undefined || !INLINE_MAP.test(mapUrl)) return { line, column };
    map ??= readMap(mapUrl);
    const entry = map.findEntry(line - 1, column - 1);
    if (!("originalLine" in entry)) return undefined;
    return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  };
  return {
    id,
    path,
    declares: undefined,
    userPosition: (script) => find(script) ?? { line: 1, column: 1 },
    isWritten: (script) => find(script) !== undefined,
  };
}

/** The map that the loader has put into a file. */
function readMap(url: string): SourceMap {
  const text = Buffer.from(url.replace(INLINE_MAP, ""), "base64").toString("utf8");
  const payload: SourceMapPayload = JSON.parse(text); // written by our loader, or by a bundler
  return new SourceMap(payload);
}
