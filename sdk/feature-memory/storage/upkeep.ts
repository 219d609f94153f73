import type { Collection } from "./collection.ts";

/** Commits after which files are joined and old versions removed: it rewrites the table. */
const COMMITS = 64;
/** A table of fewer rows is as quick without an index of its ids. */
const INDEX_FROM_ROWS = 5_000;
/** Commits, or rows, after which the index is made anew: what it lacks slows every store. */
const INDEX_COMMITS = 16;
const INDEX_ROWS = 2_000;
/** And rows as a share of the table, so that a large one is not indexed all the time. */
const INDEX_SHARE = 1 / 50;

/** Decides when a table is maintained. An error in it fails no store, and is not lost. */
export class Upkeep {
  readonly #collection: Collection;
  readonly #onIndexed: (version: number) => void;
  #commits: number;
  #commitsSinceIndex: number;
  #rowsSinceIndex = 0;
  runs = 0;
  /** Of the last run. */
  lastError: Error | null = null;

  private constructor(
    collection: Collection,
    fragments: number,
    onIndexed: (version: number) => void,
  ) {
    this.#collection = collection;
    this.#onIndexed = onIndexed;
    // What earlier processes have left counts: each of them may have written only a little.
    this.#commits = fragments;
    this.#commitsSinceIndex = fragments;
  }

  /** @param onIndexed told of a version that differs from the one before by its index alone */
  static async begin(
    collection: Collection,
    onIndexed: (version: number) => void,
  ): Promise<Upkeep> {
    return new Upkeep(collection, await collection.fragments(), onIndexed);
  }

  noteRows(rows: number): void {
    this.#rowsSinceIndex += rows;
  }

  async afterWrite(): Promise<void> {
    this.#commits += 1;
    this.#commitsSinceIndex += 1;
    try {
      if (await this.#needsIndex()) await this.#index();
      if (this.#commits >= COMMITS) await this.#maintain();
    } catch (error) {
      this.lastError = error instanceof Error ? error : new Error(String(error));
    }
  }

  async #needsIndex(): Promise<boolean> {
    const rows = this.#rowsSinceIndex;
    if (this.#commitsSinceIndex < INDEX_COMMITS && rows < INDEX_ROWS) return false;
    const total = await this.#collection.count();
    if (total < INDEX_FROM_ROWS) return false;
    return this.#commitsSinceIndex >= INDEX_COMMITS || rows >= total * INDEX_SHARE;
  }

  async #index(): Promise<void> {
    this.runs += 1;
    this.#commitsSinceIndex = 0;
    this.#rowsSinceIndex = 0;
    const version = await this.#collection.indexIds();
    if (version !== undefined) this.#onIndexed(version);
    this.lastError = null;
  }

  async #maintain(): Promise<void> {
    this.runs += 1;
    this.#commits = 0;
    await this.#collection.maintain();
    this.lastError = null;
  }
}
