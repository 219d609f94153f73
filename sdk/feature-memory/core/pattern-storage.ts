import { ClosedError, InvalidArgumentError } from "../../errors.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import { admit } from "../storage/admission.ts";
import { Collection } from "../storage/collection.ts";
import { type PatternRow, toRow, toVectorRows } from "../storage/pattern-rows.ts";
import { PatternSearch } from "../storage/pattern-search.ts";
import { Upkeep } from "../storage/upkeep.ts";
import type { Hit } from "../storage/vector-scan.ts";
import { type StoreRequest, WriteQueue } from "../storage/write-queue.ts";
import { toFilter } from "./pattern-criteria.ts";
import { pickModel, validatePattern, validateQuery } from "./pattern-validator.ts";
import type {
  AudioPattern,
  PatternCriteria,
  PatternQuery,
  PatternStorageOptions,
  PatternUpdate,
  SearchOptions,
  SimilarPattern,
  StorageMetrics,
  StoreRepair,
} from "./types.ts";
import { withUpdates } from "./with-updates.ts";

const ROWS_PER_COMMIT = 1_000;
const MAX_SCAN_BYTES = 256e6;
const DEFAULT_LIMIT = 10;
const UPDATE_ATTEMPTS = 16;

/** What is open between `initialize` and `close`. */
interface Opened {
  readonly collection: Collection;
  readonly search: PatternSearch;
  readonly upkeep: Upkeep;
}

/**
 * The patterns of one model, on disk.
 *
 * A promise of a write resolves when the pattern is on disk (fsync), and a pattern of the same id
 * is replaced: a write that is repeated after a crash changes nothing. Several processes may write
 * at once. Search is exact.
 *
 * @example
 * await using storage = new PatternStorage({ folder: "patterns", model });
 * await storage.storeMany(toPatterns(table, { labels: ["class"] }));
 * const [nearest] = await storage.findSimilar(features, 5);
 */
export class PatternStorage implements AsyncDisposable {
  readonly folder: string;
  readonly model: PatternStorageOptions["model"];
  readonly #maxPatterns: number;
  readonly #maxScanBytes: number;
  readonly #queue = new WriteQueue<PatternRow>(
    (requests) => this.#commit(requests),
    () => this.#afterWrite(),
    ROWS_PER_COMMIT,
  );
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #closing: Promise<void> | undefined;
  #commits = 0;

  /** @throws InvalidArgumentError a limit or a dimension that is none */
  constructor({ folder, model, maxPatterns, maxScanBytes }: PatternStorageOptions) {
    if (typeof folder !== "string" || folder === "") {
      throw new InvalidArgumentError("folder", "the path of a folder", folder);
    }
    requireCount("model.dimension", model?.dimension);
    if (maxPatterns !== undefined) requireCount("maxPatterns", maxPatterns);
    this.folder = folder;
    this.model = { ...pickModel(model), dimension: model.dimension };
    this.#maxPatterns = maxPatterns ?? Number.POSITIVE_INFINITY;
    this.#maxScanBytes = maxScanBytes ?? MAX_SCAN_BYTES;
  }

  /** What was found damaged at opening, and moved aside; empty before `initialize`. */
  get repairs(): readonly StoreRepair[] {
    return this.#opened?.collection.repairs ?? [];
  }

  /**
   * Opens the store, or makes it. Every verb does so by itself.
   *
   * @throws FeatureMemoryError store_unwritable, _full, _damaged; pattern_wrong_model, _dimension
   */
  async initialize(): Promise<void> {
    await this.#open();
  }

  /**
   * Stores a pattern; one of the same id is replaced.
   *
   * @throws FeatureMemoryError the pattern is refused, or could not be stored
   */
  async store(pattern: AudioPattern): Promise<void> {
    this.#refuseClosed();
    await this.#queue.store([this.#toRow(pattern)]);
  }

  /**
   * Stores many patterns, a thousand at a time, each thousand whole or not at all. All are checked
   * before the first is stored. Of patterns with one id the last counts.
   *
   * @throws FeatureMemoryError `details.stored` says how many, from the first on, are stored
   */
  async storeMany(patterns: readonly AudioPattern[]): Promise<void> {
    this.#refuseClosed();
    const rows = patterns.map((pattern) => this.#toRow(pattern));
    for (let stored = 0; stored < rows.length; stored += ROWS_PER_COMMIT) {
      try {
        await this.#queue.store(rows.slice(stored, stored + ROWS_PER_COMMIT));
      } catch (error) {
        if (!(error instanceof FeatureMemoryError)) throw error;
        const message = `${error.message} (${stored} of ${rows.length} patterns were stored)`;
        throw new FeatureMemoryError(error.code, message, { ...error.details, stored }, error);
      }
    }
  }

  /** @throws FeatureMemoryError pattern_not_found */
  async retrieve(id: string): Promise<AudioPattern> {
    const { collection } = await this.#open();
    return (await this.#readRow(collection, id)).pattern;
  }

  async has(id: string): Promise<boolean> {
    return (await this.count({ ids: [id] })) > 0;
  }

  /**
   * The nearest patterns by cosine, nearest first: exactly min(limit, those that match), never an
   * approximation. A pattern that is stored finds itself, unless its id is in `exclude`.
   *
   * @param limit a number, or how the search is narrowed
   * @throws FeatureMemoryError the query is of another model or length, or not finite
   *
   * @example
   * await storage.findSimilar(pattern, { limit: 5, exclude: [pattern.id] });
   */
  async findSimilar(
    query: PatternQuery,
    limit: number | SearchOptions = {},
  ): Promise<SimilarPattern[]> {
    const options = typeof limit === "number" ? { limit } : limit;
    const started = performance.now();
    const hits = await this.findSimilarIds(query, options);
    const { search } = await this.#open();
    const patterns = await search.read(hits.map(({ id }) => id));
    search.times.add((performance.now() - started) / 1000);
    return hits.flatMap(({ id, similarity }) => {
      // Gone only if another process has deleted it within these milliseconds.
      const pattern = patterns.get(id);
      return pattern === undefined ? [] : [{ ...pattern, similarity }];
    });
  }

  /** As `findSimilar`, without reading what is known about the patterns. */
  async findSimilarIds(query: PatternQuery, options: SearchOptions = {}): Promise<Hit[]> {
    const { limit = DEFAULT_LIMIT, minSimilarity = -1 } = options;
    requireCount("limit", limit);
    validateQuery(query, this.model);
    const { search } = await this.#open();
    const vector = query instanceof Float32Array ? query : query.features;
    return await search.find(vector, { ...options, limit, minSimilarity });
  }

  /** The patterns that match, in the order of their ids. */
  async find(criteria: PatternCriteria = {}, limit?: number): Promise<AudioPattern[]> {
    if (limit !== undefined) requireCount("limit", limit);
    const { collection, search } = await this.#open();
    const filter = toFilter(criteria);
    if (limit === undefined) {
      const patterns = (await collection.read(filter)).map(({ pattern }) => pattern);
      return patterns.toSorted((a, b) => compareText(a.id, b.id));
    }
    const chosen = (await collection.readIds(filter)).toSorted(compareText).slice(0, limit);
    const patterns = await search.read(chosen);
    return chosen.flatMap((id) => patterns.get(id) ?? []);
  }

  async count(criteria: PatternCriteria = {}): Promise<number> {
    const { collection } = await this.#open();
    return await collection.count(toFilter(criteria));
  }

  /**
   * Changes fields of a pattern; the others stay, also where another process changes them now.
   *
   * @throws FeatureMemoryError pattern_not_found; the changed pattern is refused, or not stored
   */
  async update(id: string, updates: PatternUpdate): Promise<void> {
    this.#refuseClosed();
    await this.#queue.run(async () => {
      const { collection, search } = await this.#openOnce();
      for (let attempt = 0; attempt < UPDATE_ATTEMPTS; attempt += 1) {
        const found = await this.#readRow(collection, id);
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
    });
  }

  /** @throws FeatureMemoryError pattern_not_found */
  async delete(id: string): Promise<void> {
    this.#refuseClosed();
    await this.#queue.run(async () => {
      const { collection, search } = await this.#openOnce();
      const { count, version } = await collection.remove(toFilter({ ids: [id] }) ?? "false");
      this.#commits += 1;
      search.scan.apply(version, { removed: id });
      if (count === 0) throw notFound(id, this.folder);
    });
  }

  async getStatistics(): Promise<StorageMetrics> {
    const { collection, search, upkeep } = await this.#open();
    const [totalPatterns, { bytes, versions }, fits] = await Promise.all([
      collection.count(),
      collection.sizes(),
      search.fitsMemory(),
    ]);
    return {
      totalPatterns,
      memoryUsage: search.scan.bytes,
      avgQueryTime: search.times.average,
      cacheHitRate: search.times.hitRate,
      compressionRatio: (totalPatterns * this.#vectorBytes) / Math.max(1, bytes),
      bytesOnDisk: bytes,
      versions,
      queries: search.times.count,
      commits: this.#commits,
      search: fits ? "memory" : "disk",
      upkeep: { runs: upkeep.runs, lastError: upkeep.lastError },
      repairs: collection.repairs,
    };
  }

  /** Waits for the writes that were asked for, and frees what the search holds. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  get #vectorBytes(): number {
    return this.model.dimension * Float32Array.BYTES_PER_ELEMENT;
  }

  #refuseClosed(): void {
    if (this.#closing) throw new ClosedError("pattern storage");
  }

  async #open(): Promise<Opened> {
    this.#refuseClosed();
    return await this.#openOnce();
  }

  async #openOnce(): Promise<Opened> {
    this.#opening ??= this.#openNow().catch((error: unknown) => {
      // The next verb tries again: rights and room can be given.
      this.#opening = undefined;
      throw error;
    });
    return await this.#opening;
  }

  async #openNow(): Promise<Opened> {
    const collection = await Collection.open(this.folder, this.model);
    for (const { version, damage } of collection.repairs) {
      console.warn(
        `${collection.path}: version ${version} is damaged (${damage}) and was moved to _damaged; the version before it is open. What was stored last may be missing: store it again.`,
      );
    }
    const search = new PatternSearch(collection, this.model.dimension, this.#maxScanBytes);
    const upkeep = await Upkeep.begin(collection, (version) => search.scan.apply(version, {}));
    this.#opened = { collection, search, upkeep };
    return this.#opened;
  }

  async #close(): Promise<void> {
    await this.#queue.idle();
    const opened = await this.#opening?.catch(() => undefined);
    opened?.search.scan.clear();
    opened?.collection.close();
  }

  #toRow(pattern: AudioPattern): PatternRow {
    validatePattern(pattern, this.model);
    return toRow(pattern);
  }

  async #commit(requests: readonly StoreRequest<PatternRow>[]): Promise<void> {
    const { collection, search, upkeep } = await this.#openOnce();
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
    await this.#opened?.upkeep.afterWrite();
  }

  async #readRow(collection: Collection, id: string): Promise<PatternRow> {
    const [row] = await collection.read(toFilter({ ids: [id] }) ?? "false");
    if (row === undefined) throw notFound(id, this.folder);
    return row;
  }
}

function notFound(id: string, folder: string): FeatureMemoryError {
  const message = `There is no pattern ${JSON.stringify(id)} in ${folder}`;
  return new FeatureMemoryError("pattern_not_found", message, { id });
}

function requireCount(field: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new InvalidArgumentError(field, "a whole number >= 1", value);
}

/** By code units: the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
