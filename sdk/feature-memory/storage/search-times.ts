/** How long searches took, and how many of them read no vectors from disk. */
export class SearchTimes {
  #seconds = 0;
  #searches = 0;
  #hits = 0;
  #scans = 0;

  add(seconds: number): void {
    this.#seconds += seconds;
    this.#searches += 1;
  }

  /** @param isHit the vectors were in memory */
  note(isHit: boolean): void {
    this.#scans += 1;
    if (isHit) this.#hits += 1;
  }

  get count(): number {
    return this.#searches;
  }

  /** Seconds; 0 before the first search. */
  get average(): number {
    return this.#searches === 0 ? 0 : this.#seconds / this.#searches;
  }

  get hitRate(): number {
    return this.#scans === 0 ? 0 : this.#hits / this.#scans;
  }
}
