/** Which script runs which cell: JupyterLab names a cell by a hash of its text, V8 by its run. */

import { tmpdir } from "node:os";
import { join } from "node:path";
import { CELL_FILE } from "../cell.ts";
import type { RunOrder } from "../thread-messages.ts";
import { murmur2 } from "./murmur2.ts";

/** The seed of ipykernel, as good as any. */
export const HASH_SEED = 0xc70f6907;
/** Names of cells to the debugger; no such file exists. By `ipykernel_` JupyterLab knows them, and shows `Cell [1]`. */
export const PATH_PREFIX: string = join(tmpdir(), `ipykernel_grym-synth_${process.pid}`, "/");
export const PATH_SUFFIX = ".ts";
/** Runs whose frames can be shown in the user's lines. */
export const KEPT_RUNS = 500;

/** What is kept of a run. */
export interface CellRun extends Pick<RunOrder, "cell" | "code" | "map" | "declares"> {
  /** Of the cell, as the debugger knows it. */
  readonly path: string;
}

export class CellScripts {
  readonly #sources = new Map<string, string>();
  readonly #runs = new Map<number, CellRun>();
  readonly #lastRun = new Map<string, CellRun>();
  readonly #declared = new Set<string>();

  /** Notes the text of a cell; its path for the debugger. */
  addSource(source: string): string {
    const path = `${PATH_PREFIX}${murmur2(source, HASH_SEED)}${PATH_SUFFIX}`;
    this.#sources.set(path, source);
    return path;
  }

  /** Notes a run. */
  addRun({ cell, source, code, map, declares }: RunOrder): void {
    const path = this.addSource(source);
    const run = { cell, code, map, declares, path };
    this.#lastRun.set(path, run);
    this.#runs.set(cell, run);
    this.#forget(cell - KEPT_RUNS);
    for (const name of declares) this.#declared.add(name);
  }

  /** Names that cells have made global. */
  get declared(): ReadonlySet<string> {
    return this.#declared;
  }

  sourceOf(path: string): string | undefined {
    return this.#sources.get(path);
  }

  /** The run whose script has this address. */
  runOf(url: string): CellRun | undefined {
    return this.#runs.get(Number(CELL_FILE.exec(url)?.[1]));
  }

  #forget(cell: number): void {
    const run = this.#runs.get(cell);
    if (run === undefined) return;
    this.#runs.delete(cell);
    if (this.#lastRun.get(run.path) !== run) return;
    this.#lastRun.delete(run.path);
    this.#sources.delete(run.path);
  }
}
