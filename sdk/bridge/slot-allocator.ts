/** A run of free bytes. */
interface Gap {
  offset: number;
  bytes: number;
}

/** Alignment that torch likes best: one cache line, 64 bytes. */
export const ALIGNMENT = 64;

/** First-fit bookkeeping of one growing range of bytes; it touches no memory itself. */
export class SlotAllocator {
  /** Sorted by offset, never adjacent. */
  readonly #gaps: Gap[] = [];
  readonly #taken = new Map<number, number>();
  #size = 0;
  #used = 0;

  get size(): number {
    return this.#size;
  }

  get used(): number {
    return this.#used;
  }

  /** Where the room at the end begins. */
  get end(): number {
    const last = this.#gaps.at(-1);
    return last !== undefined && last.offset + last.bytes === this.#size ? last.offset : this.#size;
  }

  /** Adds room at the end. */
  grow(size: number): void {
    const added = size - this.#size;
    if (added <= 0) return;
    this.#insert({ offset: this.#size, bytes: added });
    this.#size = size;
  }

  /** Takes room away at the end, as far as nothing is taken there. */
  shrink(size: number): void {
    const kept = Math.max(size, this.end);
    const last = this.#gaps.at(-1);
    if (last === undefined || kept >= this.#size) return;
    last.bytes -= this.#size - kept;
    if (last.bytes === 0) this.#gaps.pop();
    this.#size = kept;
  }

  /** The offset of a free run of at least `bytes`, now taken; `undefined` where none is left. */
  allocate(bytes: number): number | undefined {
    const needed = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const index = this.#gaps.findIndex((gap) => gap.bytes >= needed);
    const gap = this.#gaps[index];
    if (gap === undefined) return undefined;
    const { offset } = gap;
    gap.offset += needed;
    gap.bytes -= needed;
    if (gap.bytes === 0) this.#gaps.splice(index, 1);
    this.#taken.set(offset, needed);
    this.#used += needed;
    return offset;
  }

  /** Gives back what `allocate` gave; an offset that is not taken is ignored. */
  free(offset: number): void {
    const bytes = this.#taken.get(offset);
    if (bytes === undefined) return;
    this.#taken.delete(offset);
    this.#used -= bytes;
    this.#insert({ offset, bytes });
  }

  /** Puts a gap in its place and joins it with its neighbours. */
  #insert(gap: Gap): void {
    const at = this.#gaps.findIndex((other) => other.offset > gap.offset);
    const index = at === -1 ? this.#gaps.length : at;
    const before = this.#gaps[index - 1];
    const after = this.#gaps[index];
    if (after !== undefined && gap.offset + gap.bytes === after.offset) {
      gap.bytes += after.bytes;
      this.#gaps.splice(index, 1);
    }
    if (before !== undefined && before.offset + before.bytes === gap.offset) {
      before.bytes += gap.bytes;
    } else {
      this.#gaps.splice(index, 0, gap);
    }
  }
}
