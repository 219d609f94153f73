import { toFilter } from "../core/pattern-criteria.ts";
import type { AudioPattern } from "../core/types.ts";
import type { Collection } from "./collection.ts";
import { reaches, toUnit } from "./cosine.ts";
import { SearchTimes } from "./search-times.ts";
import { type Hit, VectorScan } from "./vector-scan.ts";

/** Ids in one condition. */
const IDS_AT_ONCE = 1_000;

/** What is searched for, checked. */
export interface Search {
  readonly vector: Float32Array;
  readonly limit: number;
  readonly minSimilarity: number;
  /** Without the ids to pass over; undefined for all patterns. */
  readonly filter: string | undefined;
  /** With them. */
  readonly filterWithIds: string | undefined;
  /** Ids to pass over. */
  readonly exclude: readonly string[];
}

/** Searches a collection: in memory while its vectors fit a bound, then on disk. Both are exact. */
export class PatternSearch {
  readonly scan: VectorScan;
  readonly times: SearchTimes = new SearchTimes();
  readonly #collection: Collection;
  /** Of one vector. */
  readonly vectorBytes: number;
  readonly #maxScanBytes: number;

  constructor(collection: Collection, dimension: number, maxScanBytes: number) {
    this.#collection = collection;
    this.vectorBytes = dimension * Float32Array.BYTES_PER_ELEMENT;
    this.#maxScanBytes = maxScanBytes;
    this.scan = new VectorScan(collection, dimension);
  }

  async fitsMemory(): Promise<boolean> {
    const rows = this.scan.size > 0 ? this.scan.size : await this.#collection.count();
    return rows * this.vectorBytes <= this.#maxScanBytes;
  }

  async find(search: Search): Promise<Hit[]> {
    while (await this.fitsMemory()) {
      const hits = await this.#findInMemory(search);
      // Otherwise another search has found the bound passed meanwhile, and freed the vectors.
      if (hits !== undefined) return hits;
    }
    this.scan.clear();
    this.times.note(false);
    return await this.#findOnDisk(search);
  }

  async #findInMemory({ vector, filter, ...options }: Search): Promise<Hit[] | undefined> {
    const { loads } = this.scan;
    if (!(await this.scan.refresh())) return undefined;
    const isHit = this.scan.loads === loads;
    const hits = await this.scan.searchAmong(vector, options, filter, (it) =>
      this.#collection.readIds(it),
    );
    if (hits !== undefined) this.times.note(isHit);
    return hits;
  }

  async #findOnDisk(search: Search): Promise<Hit[]> {
    const { vector, limit, minSimilarity, filterWithIds } = search;
    // At length 1: LanceDB squares in single precision, which large values would overflow. Stored
    // vectors are of a length that it can square.
    const hits = await this.#collection.search(toUnit(vector), limit, filterWithIds);
    return hits.filter(({ similarity }) => reaches(similarity, minSimilarity));
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
