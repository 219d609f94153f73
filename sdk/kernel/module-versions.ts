/**
 * Which version of a local file a cell gets. Node keeps a module for ever under its URL, so an
 * edited file is loaded again under `?v=n`, and so is every file that imports it.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { setImmediate as nextTurn } from "node:timers";
import { type Cell, currentCell } from "./cell.ts";

const require = createRequire(import.meta.url);

/** An `import()` under way, and the files that it has begun to load. */
interface OpenImport {
  readonly cell: Cell | undefined;
  readonly begun: Set<string>;
}

/** Versions of the files that cells import. Paths are absolute. */
export class ModuleVersions {
  readonly #versions = new Map<string, number>();
  readonly #stamps = new Map<string, string>();
  readonly #importers = new Map<string, Set<string>>();
  /** Imports of cells; what they load runs in a context that knows its import. */
  readonly #open = new Set<OpenImport>();
  readonly #context = new AsyncLocalStorage<OpenImport>();
  /** Files begun in this turn of the event loop or the one before, by whatever import. */
  #recent = new Set<string>();

  /** Query of the URL of a file: empty until it has changed once. */
  query(path: string): string {
    const version = this.#versions.get(path);
    return version === undefined ? "" : `?v=${version}`;
  }

  /** Notes a file that is loaded again when it is edited, and who imports it. */
  track(path: string, importer: string | undefined): void {
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampOf(path));
    if (importer === undefined) return;
    const importers = this.#importers.get(path) ?? new Set();
    this.#importers.set(path, importers.add(importer));
  }

  isTracked(path: string): boolean {
    return this.#stamps.has(path);
  }

  /** At the start of a cell: gives a new version to each changed file and to all its importers. */
  refresh(): void {
    // A cell begins in a turn of its own.
    this.#recent = new Set();
    const changed = new Set<string>();
    for (const [path, stamp] of this.#stamps) {
      if (stampOf(path) !== stamp) this.#addWithImporters(path, changed);
    }
    for (const path of changed) {
      this.#stamps.set(path, stampOf(path));
      this.#bump(path);
    }
  }

  /** Notes that a file is being loaded. */
  begin(path: string): void {
    this.#context.getStore()?.begun.add(path);
    if (this.#recent.size === 0) this.#forgetRecent();
    this.#recent.add(path);
  }

  /** Runs an import and notes what it loads. */
  async imported(load: () => Promise<object>): Promise<object> {
    const open: OpenImport = { cell: currentCell(), begun: new Set() };
    this.#open.add(open);
    try {
      return await this.#context.run(open, load);
    } finally {
      this.#open.delete(open);
    }
  }

  /**
   * After an interrupt of a cell: a module stopped half-way would never finish under its URL, nor leave
   * `require.cache`, so each of them is loaded afresh next time.
   */
  dropUnfinished(cell: Cell | undefined): void {
    const unfinished = this.#recent;
    this.#recent = new Set();
    for (const open of this.#open) {
      if (open.cell !== cell) continue;
      for (const path of open.begun) unfinished.add(path);
      this.#open.delete(open);
    }
    for (const path of unfinished) this.#bump(path);
    for (const [path, module] of Object.entries(require.cache)) {
      if (module?.loaded === false) delete require.cache[path];
    }
  }

  /**
   * An import inside a library tells nobody when it is done. What it loads runs in the turn in which it
   * was loaded, and an interrupt that stops it is told to this thread before the next turn has ended.
   */
  #forgetRecent(): void {
    const recent = this.#recent;
    nextTurn(() => nextTurn(() => recent.clear()));
  }

  #addWithImporters(path: string, into: Set<string>): void {
    if (into.has(path)) return;
    into.add(path);
    for (const importer of this.#importers.get(path) ?? []) this.#addWithImporters(importer, into);
  }

  #bump(path: string): void {
    this.#versions.set(path, (this.#versions.get(path) ?? 0) + 1);
    delete require.cache[path];
  }
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "absent" : `${stat.mtimeMs}/${stat.size}`;
}
