import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Index, type MergeInsertBuilder, type Table } from "@lancedb/lancedb";
import type { Table as ArrowTable, Schema } from "apache-arrow";
import { toFilter } from "../core/pattern-criteria.ts";
import type { StoreRepair } from "../core/types.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import type { CollectionFacts } from "./collection-facts.ts";
import { refuseOtherFacts, tableName } from "./collection-facts.ts";
import { clampCosine } from "./cosine.ts";
import { typed } from "./lance-error.ts";
import { openTable } from "./open-table.ts";
import {
  decodeRows,
  encodeRows,
  makeSchema,
  type PatternRow,
  readFeatures,
} from "./pattern-rows.ts";
import { hasDamagedIndex, listVersions, repairTable } from "./repair.ts";
import { makeFolder } from "./sync-files.ts";
import { unlessMissing } from "./system-error.ts";
import { TableFiles } from "./table-files.ts";
import type { Hit } from "./vector-scan.ts";
import type { VectorRows, VectorSource } from "./vector-source.ts";

const INDEX_NAME = "id_idx";
const HOUR_MS = 3_600_000;
/** Versions are kept for an hour; the newest of them, where there are more than this. */
const MAX_VERSIONS = 256;
/** And none goes that another process may still be reading. */
const MIN_AGE_MS = 30_000;
/** Hits from which on it is worth knowing how many there can be. */
const MANY = 10_000;
const CONFLICT_RETRIES = 4;

/** The patterns of one model: a Lance table, its rules and its files. */
export class Collection implements VectorSource {
  readonly repairs: readonly StoreRepair[];
  readonly #table: Table;
  readonly #files: TableFiles;
  readonly #facts: CollectionFacts;
  readonly #schema: Schema;
  readonly #path: string;

  private constructor(
    table: Table,
    path: string,
    facts: CollectionFacts,
    repairs: readonly StoreRepair[],
  ) {
    this.#table = table;
    this.#path = path;
    this.#files = new TableFiles(path);
    this.#facts = facts;
    this.#schema = makeSchema(facts);
    this.repairs = repairs;
  }

  /**
   * Opens the table of a model, or makes it; a damaged newest version is moved aside before.
   *
   * @throws FeatureMemoryError store_unwritable, _full, _damaged; pattern_wrong_model, _dimension:
   *   there is a table of that name that is of something else
   */
  static async open(folder: string, facts: CollectionFacts): Promise<Collection> {
    const name = tableName(facts);
    const path = join(folder, `${name}.lance`);
    return await typed(folder, async () => {
      await makeFolder(folder);
      const repairs = await repairTable(path);
      const table = await openTable(folder, name, makeSchema(facts));
      refuseOtherFacts(await table.schema(), facts, path);
      const collection = new Collection(table, path, facts, repairs);
      await collection.#dropDamagedIndex();
      return collection;
    });
  }

  /** Folder of the table. */
  get path(): string {
    return this.#path;
  }

  async version(): Promise<number> {
    return await this.#typed(() => this.#table.version());
  }

  async count(filter?: string): Promise<number> {
    return await this.#typed(() => this.#table.countRows(filter));
  }

  /**
   * Stores rows, replacing those of the same id, and syncs them to the disk.
   *
   * @returns the version that holds them
   */
  async merge(rows: readonly PatternRow[]): Promise<number> {
    const { version } = await this.#retrying(() =>
      this.#upsert().whenNotMatchedInsertAll().execute(encodeRows(rows, this.#schema)),
    );
    await this.sync();
    return version;
  }

  /** Replaces one row if it is still the one with that stamp; undefined where it is not. */
  async replace(row: PatternRow, stamp: number): Promise<number | undefined> {
    const { version, numUpdatedRows } = await this.#retrying(() =>
      this.#upsert(`target.stamp = ${stamp}`).execute(encodeRows([row], this.#schema)),
    );
    if (numUpdatedRows === 0) return undefined;
    await this.sync();
    return version;
  }

  /** @returns how many were deleted, and the version that has them no more */
  async remove(filter: string): Promise<{ count: number; version: number }> {
    const { numDeletedRows, version } = await this.#retrying(() => this.#table.delete(filter));
    await this.sync();
    return { count: numDeletedRows, version };
  }

  async read(filter?: string): Promise<PatternRow[]> {
    return decodeRows(await this.#select(filter), this.#facts);
  }

  async readIds(filter?: string): Promise<string[]> {
    return toTexts(await this.#select(filter, ["id"]));
  }

  /** Rows at these places; those that have moved or gone are left out. */
  async take(places: readonly bigint[]): Promise<PatternRow[]> {
    const query = this.#table.takeRowIds([...places]);
    return decodeRows(await this.#typed(() => query.toArrow()), this.#facts);
  }

  async readStamps(): Promise<Omit<VectorRows, "features">> {
    return toStamps(await this.#select(undefined, ["id", "stamp"], true));
  }

  async readVectors(ids?: readonly string[]): Promise<VectorRows> {
    const filter = ids === undefined ? undefined : toFilter({ ids });
    const table = await this.#select(filter, ["id", "stamp", "features"], true);
    return { ...toStamps(table), features: readFeatures(table, this.#facts.dimension) };
  }

  /** LanceDB's own search, exact: an index would be passed over. */
  async search(query: Float32Array, limit: number, filter?: string): Promise<Hit[]> {
    // It makes room for as many as are asked for, and takes 32 bits of a number.
    const atMost = limit < MANY ? limit : Math.max(1, Math.min(limit, await this.count()));
    const search = this.#table
      .vectorSearch(query)
      .distanceType("cosine")
      .bypassVectorIndex()
      .select(["id", "_distance"])
      .limit(atMost);
    const table = await this.#typed(() => (filter ? search.where(filter) : search).toArrow());
    const distances = Array.from(table.getChild("_distance") ?? [], Number);
    return toTexts(table).map((id, row) => ({
      id,
      similarity: clampCosine(1 - (distances[row] ?? 2)),
    }));
  }

  /** Brings all that was committed to the disk. */
  async sync(): Promise<void> {
    await this.#typed(() => this.#files.sync());
  }

  /**
   * Makes the index of the ids, or makes it anew: quicker than completing the old one, which
   * would rewrite the table.
   *
   * @returns the version that has it, if nothing else was written meanwhile
   */
  async indexIds(): Promise<number | undefined> {
    const before = await this.version();
    await this.#retrying(() =>
      this.#table.createIndex("id", { config: Index.btree(), name: INDEX_NAME, replace: true }),
    );
    await this.sync();
    const after = await this.version();
    return after === before + 1 ? after : undefined;
  }

  /** Joins small files, removes old versions, completes the index of the ids. */
  async maintain(): Promise<void> {
    await this.#retrying(async () => {
      await this.#table.optimize({ cleanupOlderThan: await this.#oldestToKeep() });
    });
    await this.sync();
  }

  /** Files of rows; many of them make every operation slower. */
  async fragments(): Promise<number> {
    const { fragmentStats } = await this.#typed(() => this.#table.stats());
    return fragmentStats.numFragments;
  }

  async sizes(): Promise<{ bytes: number; versions: number }> {
    return await this.#typed(async () => ({
      bytes: await this.#files.size(),
      versions: (await listVersions(this.#path)).length,
    }));
  }

  close(): void {
    this.#table.close();
  }

  #upsert(where?: string): MergeInsertBuilder {
    return this.#table
      .mergeInsert("id")
      .whenMatchedUpdateAll(where === undefined ? undefined : { where });
  }

  async #select(filter?: string, columns?: string[], withPlaces = false): Promise<ArrowTable> {
    const query = this.#table.query();
    if (withPlaces) query.withRowId();
    if (filter !== undefined) query.where(filter);
    if (columns !== undefined) query.select(columns);
    return await this.#typed(() => query.toArrow());
  }

  /** LanceDB tries again by itself; under many writers that is not always enough. */
  async #retrying<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#typed(work);
      } catch (error) {
        const isConflict = error instanceof FeatureMemoryError && error.code === "store_conflict";
        if (!isConflict || attempt === CONFLICT_RETRIES) throw error;
        await sleep(Math.random() * 20 * 2 ** attempt);
      }
    }
  }

  async #typed<Result>(work: () => Promise<Result>): Promise<Result> {
    return await typed(this.#path, work);
  }

  async #dropDamagedIndex(): Promise<void> {
    if (!(await this.#isIndexed()) || !(await hasDamagedIndex(this.#path))) return;
    try {
      await this.#retrying(() => this.#table.dropIndex(INDEX_NAME));
    } catch (error) {
      // Otherwise another process has dropped it.
      if (await this.#isIndexed()) throw error;
    }
  }

  async #isIndexed(): Promise<boolean> {
    return (await this.#table.listIndices()).some(({ name }) => name === INDEX_NAME);
  }

  async #oldestToKeep(): Promise<Date> {
    const now = Date.now();
    const versions = await listVersions(this.#path);
    const last = versions[MAX_VERSIONS - 1];
    const facts = last && (await unlessMissing(stat(join(this.#path, "_versions", last.name))));
    return new Date(Math.min(now - MIN_AGE_MS, Math.max(now - HOUR_MS, facts?.mtimeMs ?? 0)));
  }
}

function toTexts(table: ArrowTable): string[] {
  return Array.from(table.getChild("id") ?? [], String);
}

function toStamps(table: ArrowTable): Omit<VectorRows, "features"> {
  return {
    ids: toTexts(table),
    stamps: Float64Array.from(table.getChild("stamp") ?? [], Number),
    places: BigUint64Array.from(table.getChild("_rowid") ?? [], BigInt),
  };
}
