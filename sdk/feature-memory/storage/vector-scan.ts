import { dotRow, toUnit } from "./cosine.ts";
import { Nearest } from "./nearest.ts";
import type { VectorRows, VectorSource } from "./vector-source.ts";

/** A pattern found, without what is known about it. */
export interface Hit {
  readonly id: string;
  readonly similarity: number;
}

interface ScanOptions {
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
/** Below any version of a table. */
const NOT_LOADED = -1;

/**
 * The vectors of a table in memory, as unit vectors: an exact search is one pass over them.
 * Own writes are applied as they are committed; what other processes write is found by the
 * table's version and read by the stamps of the rows.
 */
export class VectorScan {
  readonly #source: VectorSource;
  readonly #dimension: number;
  /** Of the table. */
  #version = NOT_LOADED;
  #ids: string[] = [];
  #positions = new Map<string, number>();
  #stamps = new Float64Array();
  #places = new BigUint64Array();
  #vectors = new Float32Array();
  #loading: Promise<void> | undefined;
  /** Times that `clear` was called: a search that awaits something looks whether it was. */
  #clears = 0;
  /** Times that the vectors were cleared or changed by an own commit. */
  #changes = 0;
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

  /**
   * Brings the vectors to the version of the table that is newest now, or to a later one.
   *
   * @returns false where `clear` came in between: nothing is in memory then, or not all
   */
  async refresh(): Promise<boolean> {
    const clears = this.#clears;
    const wanted = await this.#source.version();
    if (this.#clears !== clears) return false;
    if (this.#version === wanted) return true;
    do {
      // A load that is under way may have begun before that version: then another one follows.
      this.#loading ??= this.#load().finally(() => {
        this.#loading = undefined;
      });
      await this.#loading;
      if (this.#clears !== clears) return false;
    } while (this.#version < wanted);
    return true;
  }

  /** Takes over an own commit, where the vectors are of the version just before it. */
  apply(version: number, change: { put?: VectorRows; removed?: string }): void {
    // Otherwise another process has written in between; the next search reads what.
    if (this.#version !== version - 1) return;
    this.#changes += 1;
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
    this.#clears += 1;
    this.#changes += 1;
    this.#empty();
  }

  /**
   * Searches the rows of a filter; those of the last filters are remembered until the table
   * changes.
   *
   * @param filter undefined for all rows
   * @param readIds asks the table
   * @returns undefined where `clear` came in between: what is left is not the table
   */
  async searchAmong(
    query: Float32Array,
    options: Omit<ScanOptions, "among">,
    filter: string | undefined,
    readIds: (filter: string) => Promise<readonly string[]>,
  ): Promise<Hit[] | undefined> {
    // Cleared since the caller's `refresh`, even if only by a turn of the loop.
    if (this.#version === NOT_LOADED) return undefined;
    if (filter === undefined) return this.search(query, options);
    const known = this.#selections.get(filter);
    if (known) return this.search(query, { ...options, among: known });
    const version = this.#version;
    const clears = this.#clears;
    const ids = await readIds(filter);
    // Where one is missing another process has just stored it.
    if (!ids.every((id) => this.#positions.has(id))) await this.refresh();
    if (this.#clears !== clears) return undefined;
    const among = Uint32Array.from(ids.flatMap((id) => this.#positions.get(id) ?? [])).sort();
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
    const width = this.#dimension;
    const passedOver = new Set(exclude.map((id) => this.#positions.get(id)));
    const nearest = new Nearest(limit, minSimilarity);
    const count = among?.length ?? this.size;
    for (let at = 0; at < count; at += 1) {
      const position = among === undefined ? at : (among[at] as number);
      if (passedOver.has(position)) continue;
      nearest.offer(position, dotRow(this.#vectors, position * width, unit));
    }
    return nearest
      .take()
      .map(({ position, similarity }) => ({ id: this.#ids[position] ?? "", similarity }));
  }

  /**
   * Each reading takes its time, in which the vectors may be cleared, or an own commit be applied.
   * What was read then belongs to other vectors than there are now, and is thrown away.
   */
  async #load(): Promise<void> {
    const changes = this.#changes;
    const isCurrent = (): boolean => this.#changes === changes;
    // Read before the rows: they may be newer than it says, never older.
    const version = await this.#source.version();
    if (!isCurrent()) return;
    if (this.#version === NOT_LOADED) {
      const rows = await this.#source.readVectors();
      if (!isCurrent()) return;
      this.#replaceAll(rows);
    } else if (!(await this.#loadChanges(isCurrent))) {
      return;
    }
    this.#setVersion(version);
  }

  #setVersion(version: number): void {
    this.#version = version;
    this.#selections.clear();
  }

  /** @returns whether it was done */
  async #loadChanges(isCurrent: () => boolean): Promise<boolean> {
    const now = await this.#source.readStamps();
    if (!isCurrent()) return false;
    const changed = now.ids.filter((id, row) => {
      const position = this.#positions.get(id);
      return position === undefined || this.#stamps[position] !== now.stamps[row];
    });
    if (changed.length > now.ids.length * FEW) {
      const all = await this.#source.readVectors();
      if (isCurrent()) this.#replaceAll(all);
      return isCurrent();
    }
    const rows = changed.length === 0 ? undefined : await this.#source.readVectors(changed);
    if (!isCurrent()) return false;
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
    return true;
  }

  #empty(): void {
    this.#setVersion(NOT_LOADED);
    this.#ids = [];
    this.#positions = new Map();
    this.#stamps = new Float64Array();
    this.#places = new BigUint64Array();
    this.#vectors = new Float32Array();
  }

  #replaceAll(rows: VectorRows): void {
    this.#empty();
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
