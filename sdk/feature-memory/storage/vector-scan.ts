/** Rows of a table as the scan reads them. */
export interface VectorRows {
  readonly ids: readonly string[];
  readonly stamps: Float64Array;
  /** Where the rows lie in the table; undefined for rows that were just written. */
  readonly places: BigUint64Array | undefined;
  /** [rows × dimension] */
  readonly features: Float32Array;
}

/** The table that the scan mirrors. */
export interface VectorSource {
  version(): Promise<number>;
  readStamps(): Promise<Omit<VectorRows, "features">>;
  /** @param ids all rows where undefined; those that are gone are left out */
  readVectors(ids?: readonly string[]): Promise<VectorRows>;
}

/** A pattern found, without what is known about it. */
export interface Hit {
  readonly id: string;
  readonly similarity: number;
}

export interface ScanOptions {
  readonly limit: number;
  readonly minSimilarity: number;
  /** Rows to look at, from `select`; undefined for all. */
  readonly among?: Uint32Array | undefined;
  /** Ids to pass over. */
  readonly exclude?: readonly string[] | undefined;
}

/** Room for this share more than there is, so that not every new row copies all. */
const SPARE = 1 / 8;
/** Changed rows up to this share are read by their ids; more, and all is read again. */
const FEW = 1 / 16;
/** Rows of an own commit up to this many stay without a known place. */
const PLACELESS = 64;
const NOWHERE = 2n ** 64n - 1n;
/** Filters whose rows are remembered. */
const MAX_SELECTIONS = 64;

/**
 * The vectors of a table in memory, as unit vectors: an exact search is one pass over them.
 * Own writes are applied as they are committed; what other processes write is found by the
 * table's version and read by the stamps of the rows.
 */
export class VectorScan {
  readonly #source: VectorSource;
  readonly #dimension: number;
  /** Of the table; -1 before the first load. */
  #version = -1;
  #ids: string[] = [];
  #positions = new Map<string, number>();
  #stamps = new Float64Array();
  #places = new BigUint64Array();
  #vectors = new Float32Array();
  #loading: Promise<void> | undefined;
  /** Rows by filter, for the version that is loaded. */
  readonly #selections = new Map<string, Uint32Array>();
  /** Times that vectors were read. */
  loads = 0;

  constructor(source: VectorSource, dimension: number) {
    this.#source = source;
    this.#dimension = dimension;
  }

  get size(): number {
    return this.#ids.length;
  }

  /** Of the vectors, with the room that is spare. */
  get bytes(): number {
    return this.#vectors.byteLength;
  }

  /** Brings the vectors to the version of the table that is newest now, or to a later one. */
  async refresh(): Promise<void> {
    const wanted = await this.#source.version();
    if (this.#version === wanted) return;
    do {
      // A load that is under way may have begun before that version: then another one follows.
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
    } while (this.#version < wanted);
  }

  /** Takes over an own commit, where the vectors are of the version just before it. */
  apply(version: number, change: { put?: VectorRows; removed?: string }): void {
    // Otherwise another process has written in between; the next search reads what.
    if (this.#version !== version - 1) return;
    if (change.put) this.#putAll(change.put);
    if (change.removed !== undefined) this.#remove(change.removed);
    // After a large commit the next search asks where its rows lie, which makes reading them quick.
    if ((change.put?.ids.length ?? 0) <= PLACELESS) this.#setVersion(version);
    else this.#selections.clear();
  }

  /** Where a row lies in the table, as far as it is known: a compaction moves it. */
  placeOf(id: string): bigint | undefined {
    const position = this.#positions.get(id);
    const place = position === undefined ? undefined : this.#places[position];
    return place === NOWHERE ? undefined : place;
  }

  /** Frees the vectors; the next search loads them again. */
  clear(): void {
    this.#setVersion(-1);
    this.#ids = [];
    this.#positions = new Map();
    this.#stamps = new Float64Array();
    this.#places = new BigUint64Array();
    this.#vectors = new Float32Array();
  }

  /**
   * Searches the rows of a filter; those of the last filters are remembered until the table
   * changes.
   *
   * @param filter undefined for all rows
   * @param readIds asks the table
   */
  async searchAmong(
    query: Float32Array,
    options: Omit<ScanOptions, "among">,
    filter: string | undefined,
    readIds: (filter: string) => Promise<readonly string[]>,
  ): Promise<Hit[]> {
    if (filter === undefined) return this.search(query, options);
    const known = this.#selections.get(filter);
    if (known) return this.search(query, { ...options, among: known });
    const version = this.#version;
    const ids = await readIds(filter);
    // Another process has just stored one of them.
    if (!ids.every((id) => this.#positions.has(id))) await this.refresh();
    const among = Uint32Array.from(ids.flatMap((id) => this.#positions.get(id) ?? []));
    // An own commit may have come in between: its rows are not in the selection.
    if (this.#version === version) {
      if (this.#selections.size === MAX_SELECTIONS) this.#selections.clear();
      this.#selections.set(filter, among);
    }
    return this.search(query, { ...options, among });
  }

  /** The nearest by cosine, best first; equal ones in the order of the rows. */
  search(query: Float32Array, { limit, minSimilarity, among, exclude = [] }: ScanOptions): Hit[] {
    const unit = toUnit(query);
    const passedOver = new Set(exclude.map((id) => this.#positions.get(id)));
    const best: { position: number; similarity: number }[] = [];
    let floor = minSimilarity;
    const consider = (position: number): void => {
      if (passedOver.has(position)) return;
      const similarity = this.#similarityTo(unit, position);
      if (!(best.length < limit ? similarity >= floor : similarity > floor)) return;
      let at = best.length;
      while (at > 0 && (best[at - 1]?.similarity ?? 0) < similarity) at -= 1;
      best.splice(at, 0, { position, similarity });
      if (best.length > limit) best.pop();
      if (best.length === limit) floor = best[limit - 1]?.similarity ?? floor;
    };
    if (among === undefined) {
      for (let position = 0; position < this.size; position += 1) consider(position);
    } else {
      for (const position of among) consider(position);
    }
    return best.map(({ position, similarity }) => ({
      id: this.#ids[position] ?? "",
      similarity: Math.min(1, Math.max(-1, similarity)),
    }));
  }

  /** Four sums at once: twice as quick as one, and what a compiler of Float32Array code can use. */
  #similarityTo(unit: Float32Array, position: number): number {
    const vectors = this.#vectors;
    const width = unit.length;
    const start = position * width;
    const whole = width - (width % 4);
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0; k < whole; k += 4) {
      const at = start + k;
      a += (vectors[at] as number) * (unit[k] as number);
      b += (vectors[at + 1] as number) * (unit[k + 1] as number);
      c += (vectors[at + 2] as number) * (unit[k + 2] as number);
      d += (vectors[at + 3] as number) * (unit[k + 3] as number);
    }
    for (let k = whole; k < width; k += 1)
      a += (vectors[start + k] as number) * (unit[k] as number);
    return a + b + c + d;
  }

  async #load(): Promise<void> {
    // Read before the rows: they may be newer than it says, never older.
    const version = await this.#source.version();
    if (this.#version === -1) {
      this.#replaceAll(await this.#source.readVectors());
    } else {
      await this.#loadChanges();
    }
    this.#setVersion(version);
  }

  #setVersion(version: number): void {
    this.#version = version;
    this.#selections.clear();
  }

  async #loadChanges(): Promise<void> {
    const now = await this.#source.readStamps();
    const changed = now.ids.filter((id, row) => {
      const position = this.#positions.get(id);
      return position === undefined || this.#stamps[position] !== now.stamps[row];
    });
    if (changed.length > now.ids.length * FEW) {
      this.#replaceAll(await this.#source.readVectors());
      return;
    }
    const rows = changed.length === 0 ? undefined : await this.#source.readVectors(changed);
    if (rows) {
      this.#putAll(rows);
      this.loads += 1;
    }
    const left = new Set(now.ids);
    for (const id of this.#ids.filter((it) => !left.has(it))) this.#remove(id);
    for (const [row, id] of now.ids.entries()) {
      const position = this.#positions.get(id);
      if (position !== undefined) this.#places[position] = now.places?.[row] ?? NOWHERE;
    }
  }

  #replaceAll(rows: VectorRows): void {
    this.clear();
    this.#reserve(rows.ids.length, 0);
    this.#putAll(rows);
    this.loads += 1;
  }

  #putAll({ ids, stamps, places, features }: VectorRows): void {
    const width = this.#dimension;
    const added = ids.filter((id) => !this.#positions.has(id)).length;
    if (this.size + added > this.#stamps.length) this.#reserve(this.size + added, SPARE);
    for (const [row, id] of ids.entries()) {
      let position = this.#positions.get(id);
      if (position === undefined) {
        position = this.#ids.push(id) - 1;
        this.#positions.set(id, position);
      }
      this.#stamps[position] = stamps[row] ?? 0;
      this.#places[position] = places?.[row] ?? NOWHERE;
      this.#vectors.set(
        toUnit(features.subarray(row * width, (row + 1) * width)),
        position * width,
      );
    }
  }

  /** The last row takes the place of the one that goes. */
  #remove(id: string): void {
    const position = this.#positions.get(id);
    const last = this.#ids.at(-1);
    if (position === undefined || last === undefined) return;
    const width = this.#dimension;
    const end = this.size - 1;
    this.#vectors.copyWithin(position * width, end * width, (end + 1) * width);
    this.#stamps[position] = this.#stamps[end] ?? 0;
    this.#places[position] = this.#places[end] ?? NOWHERE;
    this.#ids[position] = last;
    this.#positions.set(last, position);
    this.#ids.pop();
    this.#positions.delete(id);
  }

  #reserve(rows: number, spare: number): void {
    const capacity = Math.ceil(rows * (1 + spare));
    const stamps = new Float64Array(capacity);
    stamps.set(this.#stamps.subarray(0, this.size));
    const places = new BigUint64Array(capacity);
    places.set(this.#places.subarray(0, this.size));
    const vectors = new Float32Array(capacity * this.#dimension);
    vectors.set(this.#vectors.subarray(0, this.size * this.#dimension));
    this.#stamps = stamps;
    this.#places = places;
    this.#vectors = vectors;
  }
}

/** The vector at length 1; its squares are summed in double precision. */
export function toUnit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (let k = 0; k < vector.length; k += 1) squares += (vector[k] as number) ** 2;
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}
