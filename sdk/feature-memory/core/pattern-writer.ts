import { FeatureMemoryError } from "../feature-memory-error.ts";
import { admit } from "../storage/admission.ts";
import { type PatternRow, toRow, toVectorRows } from "../storage/pattern-rows.ts";
import { type StoreRequest, WriteQueue } from "../storage/write-queue.ts";
import type { LazyStore } from "./lazy-store.ts";
import { toFilter } from "./pattern-criteria.ts";
import { validatePattern } from "./pattern-validator.ts";
import { notFound, readRow } from "./read-row.ts";
import type { AudioPattern, PatternUpdate, StoreManyOptions } from "./types.ts";
import { copyUpdates, withUpdates } from "./with-updates.ts";

const ROWS_PER_COMMIT = 1_000;
const UPDATE_ATTEMPTS = 16;

/**
 * The writes to one store, one at a time in the order in which they were asked for. Each tells the
 * search what it changed, so that what is stored is found at once.
 */
export class PatternWriter {
  readonly #store: LazyStore;
  readonly #maxPatterns: number;
  readonly #queue = new WriteQueue<PatternRow>(
    (requests) => this.#commit(requests),
    () => this.#afterWrite(),
    ROWS_PER_COMMIT,
  );
  #commits = 0;

  constructor(store: LazyStore, maxPatterns: number) {
    this.#store = store;
    this.#maxPatterns = maxPatterns;
  }

  /** Of this writer, without those of the upkeep. */
  get commits(): number {
    return this.#commits;
  }

  /** What is stored is the pattern as it is now, whatever the caller does with it then. */
  async store(pattern: AudioPattern): Promise<void> {
    await this.#queue.store([this.#toRow(pattern)]);
  }

  async storeMany(
    patterns: readonly AudioPattern[],
    { signal, onProgress }: StoreManyOptions,
  ): Promise<void> {
    const rows = patterns.map((pattern) => this.#toRow(pattern));
    const total = rows.length;
    for (let stored = 0; stored < total; stored += ROWS_PER_COMMIT) {
      signal?.throwIfAborted();
      onProgress?.({ stage: "store", done: stored, total, unit: "patterns", message: "" });
      try {
        await this.#queue.store(rows.slice(stored, stored + ROWS_PER_COMMIT));
      } catch (error) {
        if (!(error instanceof FeatureMemoryError)) throw error;
        const message = `${error.message} (${stored} of ${total} patterns were stored)`;
        throw new FeatureMemoryError(error.code, message, { ...error.details, stored }, error);
      }
    }
    onProgress?.({ stage: "store", done: total, total, unit: "patterns", message: "" });
  }

  async update(id: string, updates: PatternUpdate): Promise<void> {
    const now = copyUpdates(updates);
    await this.#queue.run(() => this.#replace(id, now));
  }

  async remove(id: string): Promise<void> {
    await this.#queue.run(async () => {
      const { collection, search } = await this.#store.open();
      const { count, version } = await collection.remove(toFilter({ ids: [id] }) ?? "false");
      this.#commits += 1;
      search.scan.apply(version, { removed: id });
      if (count === 0) throw notFound(id, this.#store.folder);
    });
  }

  /** Resolves when no write, and no upkeep after one, is under way. */
  async idle(): Promise<void> {
    await this.#queue.idle();
  }

  async #replace(id: string, updates: PatternUpdate): Promise<void> {
    const { collection, search } = await this.#store.open();
    for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
      const found = await readRow(collection, id, this.#store.folder);
      const row = this.#toRow(withUpdates(found.pattern, updates));
      const version = await collection.replace(row, found.stamp);
      if (version === undefined) continue;
      search.scan.apply(version, { put: toVectorRows([row]) });
      this.#commits += 1;
      return;
    }
    throw new FeatureMemoryError(
      "store_conflict",
      `Other writers were always faster to change ${JSON.stringify(id)}`,
      { id },
    );
  }

  #toRow(pattern: AudioPattern): PatternRow {
    validatePattern(pattern, this.#store.model);
    return toRow(pattern);
  }

  async #commit(requests: readonly StoreRequest<PatternRow>[]): Promise<void> {
    const { collection, search, upkeep } = await this.#store.open();
    const accepted = await admit(collection, requests, this.#maxPatterns);
    // Of rows with one id in one commit the database would store all.
    const byId = new Map(accepted.flatMap(({ rows }) => rows).map((row) => [row.pattern.id, row]));
    const rows = [...byId.values()];
    if (rows.length === 0) return;
    const version = await collection.merge(rows);
    this.#commits += 1;
    upkeep.noteRows(rows.length);
    search.scan.apply(version, { put: toVectorRows(rows) });
  }

  async #afterWrite(): Promise<void> {
    await this.#store.opened?.upkeep.afterWrite();
  }
}
