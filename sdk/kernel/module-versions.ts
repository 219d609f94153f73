/**
 * Which version of a local file a cell gets. Node keeps a module for ever under its URL, so an
 * edited file is loaded again under `?v=n`, and so is every file that imports it.
 */

import { statSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** Versions of the files that cells import. Paths are absolute. */
export class ModuleVersions {
  readonly #versions = new Map<string, number>();
  readonly #stamps = new Map<string, string>();
  readonly #importers = new Map<string, Set<string>>();
  readonly #unfinished = new Set<string>();
  #imports = 0;

  /** Query of the URL of a file: empty until it has changed once. */
  query(path: string): string {
    const version = this.#versions.get(path);
    return version === undefined ? "" : `?v=${version}`;
  }

  /** Notes a file that was resolved by a relative path, and who imports it. */
  track(path: string, importer: string | undefined): void {
    if (!this.#stamps.has(path)) this.#stamps.set(path, stampOf(path));
    if (importer === undefined) return;
    const importers = this.#importers.get(path) ?? new Set();
    this.#importers.set(path, importers.add(importer));
  }

  isTracked(path: string): boolean {
    return this.#stamps.has(path);
  }

  /** Gives a new version to each changed file and to all its importers. */
  refresh(): void {
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
    if (this.#imports > 0) this.#unfinished.add(path);
  }

  /** Notes that a cell is about to import: files loaded from now on count as unfinished. */
  importing(): undefined {
    this.#imports++;
  }

  /** Waits for an import that {@link importing} announced. */
  async imported(module: Promise<object>): Promise<object> {
    try {
      return await module;
    } finally {
      this.#imports = Math.max(0, this.#imports - 1);
      if (this.#imports === 0) this.#unfinished.clear();
    }
  }

  /**
   * After an interrupt: a module stopped half-way would never finish under its URL, nor leave
   * `require.cache`, so each of them is loaded afresh next time.
   */
  dropUnfinished(): void {
    for (const path of this.#unfinished) this.#bump(path);
    this.#unfinished.clear();
    this.#imports = 0;
    for (const [path, module] of Object.entries(require.cache)) {
      if (module?.loaded === false) delete require.cache[path];
    }
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
