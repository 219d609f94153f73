import { CallTimeoutError, ClosedError, GrymError } from "../errors.ts";

/** Parts of an answer between their arrival and the loop that takes them. */
export class PartQueue<Part> {
  readonly #parts: { readonly part: Part; readonly grant: () => void }[] = [];
  #wake: PromiseWithResolvers<void> = Promise.withResolvers();
  #isOver = false;

  /** @param part as the operation's row of the protocol says; the protocol's tests hold Python to it */
  push(part: unknown, grant: () => void): void {
    this.#parts.push({ part: part as Part, grant });
    this.#wake.resolve();
  }

  /**
   * No more will come after the answer. What came before an error of Python is still taken; a caller
   * who gave up wants nothing of it any more.
   */
  endWith(answer: Promise<unknown>): void {
    answer.then(
      () => this.#end(),
      (error: unknown) => {
        if (isGivenUp(error)) this.#parts.length = 0;
        this.#end();
      },
    );
  }

  /** The parts as they come; one more is asked for when one has been taken and worked on. */
  async *take(): AsyncGenerator<Part, void> {
    while (true) {
      for (let next = this.#parts.shift(); next; next = this.#parts.shift()) {
        yield next.part;
        next.grant();
        await undefined; // a caller who has just given up is heard before the next part is taken
      }
      if (this.#isOver) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#wake.resolve();
  }
}

/** Aborted with any reason, out of time, or ended by `shutdown`. */
function isGivenUp(error: unknown): boolean {
  if (!(error instanceof GrymError)) return true;
  return error instanceof CallTimeoutError || error instanceof ClosedError;
}
