import { ClosedError, InvalidArgumentError } from "../../errors.ts";
import { showAs } from "../../shown-object.ts";
import type { Hit } from "../storage/vector-scan.ts";
import { CallsInFlight } from "./calls-in-flight.ts";
import { checkLimits, requireCount, resolveFolder } from "./check-options.ts";
import { LazyStore } from "./lazy-store.ts";
import { type OpenedStore, readMetrics } from "./opened-store.ts";
import { toFilter } from "./pattern-criteria.ts";
import { pickModel } from "./pattern-validator.ts";
import { PatternWriter } from "./pattern-writer.ts";
import { prepareSearch } from "./prepare-search.ts";
import { readRow } from "./read-row.ts";
import { metricsBundle, patternBundle, patternsBundle, storageBundle } from "./shown-patterns.ts";
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

const MAX_SCAN_BYTES = 256e6;

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
  readonly #store: LazyStore;
  readonly #writer: PatternWriter;
  readonly #calls = new CallsInFlight();
  #closing: Promise<void> | undefined;

  /** @throws InvalidArgumentError a folder, a fact of the model or a limit that is none */
  constructor(options: PatternStorageOptions) {
    const { folder, model, maxPatterns, maxScanBytes } = options;
    this.folder = resolveFolder(folder);
    checkLimits(options);
    this.model = { ...pickModel(model), dimension: model.dimension };
    this.#store = new LazyStore(this.folder, this.model, maxScanBytes ?? MAX_SCAN_BYTES);
    this.#writer = new PatternWriter(this.#store, maxPatterns ?? Number.POSITIVE_INFINITY);
    showAs(this, () => storageBundle(this.folder, this.model));
  }

  /** What was found damaged at opening, and moved aside; empty before `initialize`. */
  get repairs(): readonly StoreRepair[] {
    return this.#store.opened?.collection.repairs ?? [];
  }

  /**
   * Opens the store, or makes it. Every verb does so by itself.
   *
   * @throws FeatureMemoryError store_unwritable, _full, _damaged; pattern_wrong_model, _dimension
   */
  async initialize(): Promise<void> {
    await this.#call(() => this.#store.open());
  }

  /**
   * Stores a pattern; one of the same id is replaced.
   *
   * @throws FeatureMemoryError the pattern is refused, or could not be stored
   */
  async store(pattern: AudioPattern): Promise<void> {
    await this.#call(() => this.#writer.store(pattern));
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
    await this.#call(() => this.#writer.storeMany(patterns, options));
  }

  /** @throws FeatureMemoryError pattern_not_found */
  async retrieve(id: string): Promise<AudioPattern> {
    const { pattern } = await this.#read(({ collection }) => readRow(collection, id, this.folder));
    return showAs(pattern, patternBundle);
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
      const found = hits.flatMap(({ id, similarity }) => {
        // Gone only if another process has deleted it within these milliseconds.
        const pattern = patterns.get(id);
        return pattern === undefined ? [] : [showAs({ ...pattern, similarity }, patternBundle)];
      });
      return showAs(found, patternsBundle);
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
        return showAs(
          patterns.toSorted((a, b) => compareText(a.id, b.id)),
          patternsBundle,
        );
      }
      const chosen = (await collection.readIds(filter)).toSorted(compareText).slice(0, limit);
      const patterns = await search.read(chosen);
      return showAs(
        chosen.flatMap((id) => patterns.get(id) ?? []),
        patternsBundle,
      );
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
    await this.#call(() => this.#writer.update(id, updates));
  }

  /** @throws FeatureMemoryError pattern_not_found */
  async delete(id: string): Promise<void> {
    await this.#call(() => this.#writer.remove(id));
  }

  async getStatistics(): Promise<StorageMetrics> {
    const metrics = await this.#read((opened) => readMetrics(opened, this.#writer.commits));
    return showAs(metrics, metricsBundle);
  }

  /** Waits until no write, and no upkeep after one, is under way: for measurements. */
  async idle(): Promise<void> {
    await this.#writer.idle();
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
    return await this.#call(async () => await verb(await this.#store.open()));
  }

  async #close(): Promise<void> {
    await this.#calls.idle();
    await this.#writer.idle();
    await this.#store.close();
  }
}

/** By code units: the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
