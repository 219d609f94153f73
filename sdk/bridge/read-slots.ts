/** Slots of Python's arena that were read: Python is told with the next request, or a moment later. */
export class ReadSlots {
  readonly #generations: number[] = [];
  readonly #tell: (line: string) => void;

  /** @param tell sends a line that no request could take along */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  add(generations: readonly number[]): void {
    if (generations.length === 0) return;
    if (this.#generations.length === 0) {
      // After the turn in which the caller goes on, and asks for more.
      setImmediate(() => {
        const line = this.take();
        if (line !== undefined) this.#tell(line);
      });
    }
    this.#generations.push(...generations);
  }

  /** The line that tells of them; undefined where there is nothing to tell. */
  take(): string | undefined {
    if (this.#generations.length === 0) return undefined;
    const generations = this.#generations.splice(0);
    return JSON.stringify({ operation: "release", data: { generations } });
  }

  /** They went with their process. */
  clear(): void {
    this.#generations.length = 0;
  }
}
