/** Parts of an answer between their arrival and the loop that takes them. */
export class PartQueue<Part> {
  readonly #parts: { readonly part: Part; readonly grant: () => void }[] = [];
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #isOver = false;

  push(part: Part, grant: () => void): void {
    this.#parts.push({ part, grant });
    this.#wake.resolve();
  }

  /** No more will come. */
  end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }

  /** The parts as they come; one more is asked for when one has been taken and worked on. */
  async *take(): AsyncGenerator<Part, void> {
    while (true) {
      for (let next = this.#parts.shift(); next; next = this.#parts.shift()) {
        yield next.part;
        next.grant();
      }
      if (this.#isOver) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }
}
