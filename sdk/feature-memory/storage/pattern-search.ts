import { toFilter } from "../core/pattern-criteria.ts";
import type { AudioPattern, SearchOptions } from "../core/types.ts";
import type { Collection } from "./collection.ts";
import { SearchTimes } from "./search-times.ts";
import { type Hit, toUnit, VectorScan } from "./vector-scan.ts";

/** Ids in one condition. */
const IDS_AT_ONCE = 1_000;

/** Options with their defaults. */
interface Search extends SearchOptions {
  readonly limit: number;
  readonly minSimilarity: number;
}

/** Searches a collection: in memory while its vectors fit a bound, then on disk. Both are exact. */
export class PatternSearch {
  readonly scan: VectorScan;
  readonly times: SearchTimes = new SearchTimes();
  readonly #collection: Collection;
  readonly #vectorBytes: number;
  readonly #maxScanBytes: number;

  constructor(collection: Collection, dimension: number, maxScanBytes: number) {
    this.#collection = collection;
    this.#vectorBytes = dimension * Float32Array.BYTES_PER_ELEMENT;
    this.#maxScanBytes = maxScanBytes;
    this.scan = new VectorScan(collection, dimension);
  }

  async fitsMemory(): Promise<boolean> {
    const rows = this.scan.size > 0 ? this.scan.size : await this.#collection.count();
    return rows * this.#vectorBytes <= this.#maxScanBytes;
  }

  async find(vector: Float32Array, options: Search): Promise<Hit[]> {
    const { limit, minSimilarity, where, exclude, excludeLabels } = options;
    if (!(await this.fitsMemory())) {
      this.scan.clear();
      const filter = toFilter(where, { exclude, excludeLabels });
      // At length 1: LanceDB squares in single precision, which large values would overflow.
      const hits = await this.#collection.search(toUnit(vector), limit, filter);
      return hits.filter(({ similarity }) => similarity >= minSimilarity);
    }
    const { loads } = this.scan;
    await this.scan.refresh();
    this.times.note(this.scan.loads === loads);
    const filter = toFilter(where, { excludeLabels });
    return await this.scan.searchAmong(vector, { limit, minSimilarity, exclude }, filter, (it) =>
      this.#collection.readIds(it),
    );
  }

  /** Patterns by their ids: from where the scan knows them to lie, else by asking for the ids. */
  async read(ids: readonly string[]): Promise<Map<string, AudioPattern>> {
    const places = ids.flatMap((id) => this.scan.placeOf(id) ?? []);
    const taken = places.length === 0 ? [] : await this.#collection.take(places);
    const found = new Map(taken.map(({ pattern }) => [pattern.id, pattern]));
    const missing = ids.filter((id) => !found.has(id));
    for (let start = 0; start < missing.length; start += IDS_AT_ONCE) {
      const filter = toFilter({ ids: missing.slice(start, start + IDS_AT_ONCE) }) ?? "false";
      for (const { pattern } of await this.#collection.read(filter)) found.set(pattern.id, pattern);
    }
    return found;
  }
}
