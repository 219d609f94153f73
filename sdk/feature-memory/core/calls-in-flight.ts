/** Calls that have begun and not ended: closing waits for them, so that none is cut halfway. */
export class CallsInFlight {
  readonly #calls = new Set<Promise<unknown>>();

  /** Begins a call at once. */
  async track<Result>(call: () => Promise<Result>): Promise<Result> {
    const promise = call();
    this.#calls.add(promise);
    try {
      return await promise;
    } finally {
      this.#calls.delete(promise);
    }
  }

  /** Resolves when none is under way any more, however they end. */
  async idle(): Promise<void> {
    while (this.#calls.size > 0) await Promise.allSettled(this.#calls);
  }
}
