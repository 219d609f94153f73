import { ClosedError, InvalidArgumentError } from "../../errors.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import { admit } from "../storage/admission.ts";
import type { Collection } from "../storage/collection.ts";
import { type PatternRow, toRow, toVectorRows } from "../storage/pattern-rows.ts";
import type { Hit } from "../storage/vector-scan.ts";
import { type StoreRequest, WriteQueue } from "../storage/write-queue.ts";
import { CallsInFlight } from "./calls-in-flight.ts";
import { checkLimits, requireCount, resolveFolder } from "./check-options.ts";
import { type OpenedStore, openStore, readMetrics } from "./opened-store.ts";
import { toFilter } from "./pattern-criteria.ts";
import { pickModel, validatePattern } from "./pattern-validator.ts";
import { prepareSearch } from "./prepare-search.ts";
import type {
  AudioPattern,
  PatternCriteria,
  PatternQuery,
  PatternStorageOptions,
  PatternUpdate,
  SearchOptions,
  SimilarPattern,
  StorageMetrics,
  StoreManyOptions,
  StoreRepair,
} from "./types.ts";
import { copyUpdates, withUpdates } from "./with-updates.ts";

const ROWS_PER_COMMIT = 1_000;
const MAX_SCAN_BYTES = 256e6;
const UPDATE_ATTEMPTS = 16;

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
  /** Absolute. */
  readonly folder: string;
  readonly model: PatternStorageOptions["model"];
  readonly #maxPatterns: number;
  readonly #maxScanBytes: number;
  readonly #queue = new WriteQueue<PatternRow>(
    (requests) => this.#commit(requests),
    () => this.#afterWrite(),
    ROWS_PER_COMMIT,
  );
  #opening: Promise<OpenedStore> | undefined;
  #opened: OpenedStore | undefined;
  #closing: Promise<void> | undefined;
  readonly #calls = new CallsInFlight();
  #commits = 0;

  /** @throws InvalidArgumentError a folder, a fact of the model or a limit that is none */
  constructor(options: PatternStorageOptions) {
    const { folder, model, maxPatterns, maxScanBytes } = options;
    this.folder = resolveFolder(folder);
    checkLimits(options);
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
    await this.#call(() => this.#openOnce());
  }

  /**
   * Stores a pattern; one of the same id is replaced.
   *
   * @throws FeatureMemoryError the pattern is refused, or could not be stored
   */
  async store(pattern: AudioPattern): Promise<void> {
    await this.#call(() => this.#queue.store([this.#toRow(pattern)]));
  }

  /**
   * Stores many patterns, a thousand at a time, each thousand whole or not at all. All are checked
   * before the first is stored. Of patterns with one id the last counts. An abort stops between two
   * thousands; what is stored by then stays.
   *
   * @throws FeatureMemoryError `details.stored` says how many, from the first on, are stored
   * @throws the reason of `signal`, when it aborts
   */
  async storeMany(
    patterns: readonly AudioPattern[],
    options: StoreManyOptions = {},
  ): Promise<void> {
    if (!Array.isArray(patterns)) throw new InvalidArgumentError("patterns", "a list", patterns);
    await this.#call(() =>
      this.#storeRows(
        patterns.map((pattern) => this.#toRow(pattern)),
        options,
      ),
    );
  }

  /** @throws FeatureMemoryError pattern_not_found */
  async retrieve(id: string): Promise<AudioPattern> {
    const { pattern } = await this.#read(({ collection }) => this.#readRow(collection, id));
    return pattern;
  }

  async has(id: string): Promise<boolean> {
    return (await this.count({ ids: [id] })) > 0;
  }

  /**
   * The nearest patterns by cosine, nearest first: exactly min(limit, those that match), never an
   * approximation. A pattern that is stored finds itself, unless its id is in `exclude`.
   *
   * @param limit a number, or how the search is narrowed
   * @throws FeatureMemoryError the query is of another model or length, or not finite;
   *   InvalidArgumentError an option or a criterion that is none
   *
   * @example
   * await storage.findSimilar(pattern, { limit: 5, exclude: [pattern.id] });
   */
  async findSimilar(
    query: PatternQuery,
    limit: number | SearchOptions = {},
  ): Promise<SimilarPattern[]> {
    const options = typeof limit === "number" ? { limit } : limit;
    const wanted = prepareSearch(query, options, this.model);
    return await this.#read(async ({ search }) => {
      const started = performance.now();
      const hits = await search.find(wanted);
      const patterns = await search.read(hits.map(({ id }) => id));
      search.times.add((performance.now() - started) / 1000);
      return hits.flatMap(({ id, similarity }) => {
        // Gone only if another process has deleted it within these milliseconds.
        const pattern = patterns.get(id);
        return pattern === undefined ? [] : [{ ...pattern, similarity }];
      });
    });
  }

  /** As `findSimilar`, without reading what is known about the patterns. */
  async findSimilarIds(query: PatternQuery, options: SearchOptions = {}): Promise<Hit[]> {
    const wanted = prepareSearch(query, options, this.model);
    return await this.#read(async ({ search }) => {
      const started = performance.now();
      const hits = await search.find(wanted);
      search.times.add((performance.now() - started) / 1000);
      return hits;
    });
  }

  /** The patterns that match, in the order of their ids. */
  async find(criteria: PatternCriteria = {}, limit?: number): Promise<AudioPattern[]> {
    if (limit !== undefined) requireCount("limit", limit);
    const filter = toFilter(criteria);
    return await this.#read(async ({ collection, search }) => {
      if (limit === undefined) {
        const patterns = (await collection.read(filter)).map(({ pattern }) => pattern);
        return patterns.toSorted((a, b) => compareText(a.id, b.id));
      }
      const chosen = (await collection.readIds(filter)).toSorted(compareText).slice(0, limit);
      const patterns = await search.read(chosen);
      return chosen.flatMap((id) => patterns.get(id) ?? []);
    });
  }

  async count(criteria: PatternCriteria = {}): Promise<number> {
    const filter = toFilter(criteria);
    return await this.#read(({ collection }) => collection.count(filter));
  }

  /**
   * Changes fields of a pattern; the others stay, also where another process changes them now.
   *
   * @throws FeatureMemoryError pattern_not_found; the changed pattern is refused, or not stored
   */
  async update(id: string, updates: PatternUpdate): Promise<void> {
    await this.#call(() => {
      const now = copyUpdates(updates);
      return this.#queue.run(() => this.#replace(id, now));
    });
  }

  /** @throws FeatureMemoryError pattern_not_found */
  async delete(id: string): Promise<void> {
    await this.#call(() =>
      this.#queue.run(async () => {
        const { collection, search } = await this.#openOnce();
        const { count, version } = await collection.remove(toFilter({ ids: [id] }) ?? "false");
        this.#commits += 1;
        search.scan.apply(version, { removed: id });
        if (count === 0) throw notFound(id, this.folder);
      }),
    );
  }

  async getStatistics(): Promise<StorageMetrics> {
    return await this.#read((opened) => readMetrics(opened, this.#commits));
  }

  /** Waits until no write, and no upkeep after one, is under way: for measurements. */
  async idle(): Promise<void> {
    await this.#queue.idle();
  }

  /** Waits for all that was asked for, reads and writes, and frees what the search holds. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A verb: refused once `close` was called, and brought to its end before the table closes. */
  async #call<Result>(verb: () => Promise<Result>): Promise<Result> {
    if (this.#closing) throw new ClosedError("pattern storage");
    return await this.#calls.track(async () => await verb());
  }

  async #read<Result>(verb: (opened: OpenedStore) => Promise<Result>): Promise<Result> {
    return await this.#call(async () => await verb(await this.#openOnce()));
  }

  async #openOnce(): Promise<OpenedStore> {
    this.#opening ??= this.#openNow().catch((error: unknown) => {
      // The next verb tries again: rights and room can be given.
      this.#opening = undefined;
      throw error;
    });
    return await this.#opening;
  }

  async #openNow(): Promise<OpenedStore> {
    this.#opened = await openStore(this.folder, this.model, this.#maxScanBytes);
    return this.#opened;
  }

  async #close(): Promise<void> {
    await this.#calls.idle();
    await this.#queue.idle();
    const opened = await this.#opening?.catch(() => undefined);
    opened?.search.scan.clear();
    opened?.collection.close();
  }

  async #storeRows(
    rows: readonly PatternRow[],
    { signal, onProgress }: StoreManyOptions,
  ): Promise<void> {
    const total = rows.length;
    for (let stored = 0; stored < total; stored += ROWS_PER_COMMIT) {
      signal?.throwIfAborted();
      onProgress?.({ stage: "store", done: stored, total, unit: "patterns", message: "" });
      try {
        await this.#queue.store(rows.slice(stored, stored + ROWS_PER_COMMIT));
      } catch (error) {
        if (!(error instanceof FeatureMemoryError)) throw error;
        const message = `${error.message} (${stored} of ${rows.length} patterns were stored)`;
        throw new FeatureMemoryError(error.code, message, { ...error.details, stored }, error);
      }
    }
    onProgress?.({ stage: "store", done: total, total, unit: "patterns", message: "" });
  }

  async #replace(id: string, updates: PatternUpdate): Promise<void> {
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

/** By code units: the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
