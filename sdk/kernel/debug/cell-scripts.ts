/** Which script runs which cell: JupyterLab names a cell by a hash of its text, V8 by its run. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { CELL_FILE, cellUrl } from "../cell.ts";
import { originalPosition, type Position } from "../source-map.ts";
import type { RunOrder } from "../thread-messages.ts";
import { murmur2 } from "./murmur2.ts";
import { scriptPosition } from "./script-position.ts";

/** The seed of ipykernel, as good as any. */
export const HASH_SEED = 0xc70f6907;
/** Names of cells to the debugger; no such file exists. */
export const PATH_PREFIX: string = join(tmpdir(), `grym-synth_${process.pid}`, "/");
export const PATH_SUFFIX = ".ts";
/** Runs whose frames can be shown in the user's lines. */
const KEPT_RUNS = 500;

/** What is kept of a run. */
type Run = Pick<RunOrder, "cell" | "source" | "code" | "map">;

/** A place where V8 is to pause; numbers from 0, as V8 counts. */
export interface ScriptPlace {
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

export class CellScripts {
  readonly #sources = new Map<string, string>();
  readonly #runs = new Map<number, Run>();
  readonly #lastRun = new Map<string, Run>();
  readonly #declared = new Set<string>();

  /** Notes the text of a cell; its path for the debugger. */
  addSource(source: string): string {
    const path = pathOf(source);
    this.#sources.set(path, source);
    return path;
  }

  /** Notes a run. */
  addRun({ cell, source, code, map, declares }: RunOrder): void {
    const run = { cell, source, code, map };
    this.#lastRun.set(this.addSource(source), run);
    this.#runs.set(cell, run);
    this.#forget(cell - KEPT_RUNS);
    for (const name of declares) this.#declared.add(name);
  }

  #forget(cell: number): void {
    const run = this.#runs.get(cell);
    if (run === undefined) return;
    this.#runs.delete(cell);
    const path = pathOf(run.source);
    if (this.#lastRun.get(path) !== run) return;
    this.#lastRun.delete(path);
    this.#sources.delete(path);
  }

  /** Names that cells have made global. */
  get declared(): ReadonlySet<string> {
    return this.#declared;
  }

  sourceOf(path: string): string | undefined {
    return this.#sources.get(path);
  }

  /** Where the newest run of a cell begins a line, and the line (from 1) that it is: the next with code. */
  placeOf(path: string, line: number): { line: number; place: ScriptPlace } | undefined {
    const run = this.#lastRun.get(path);
    const found = run && scriptPosition(run.map, run.code, line);
    if (run === undefined || found === undefined) return undefined;
    const { script } = found;
    const [lineNumber, columnNumber] = [script.line - 1, script.column - 1];
    return { line: found.line, place: { url: cellUrl(run.cell), lineNumber, columnNumber } };
  }

  /** The cell and place of the user's text for a place in a script; undefined for other scripts. */
  originalOf(url: string, script: Position): { path: string; position: Position } | undefined {
    const run = this.#runs.get(Number(CELL_FILE.exec(url)?.[1]));
    if (run === undefined) return undefined;
    return { path: pathOf(run.source), position: originalPosition(run.map, script) };
  }
}

function pathOf(source: string): string {
  return `${PATH_PREFIX}${murmur2(source, HASH_SEED)}${PATH_SUFFIX}`;
}
