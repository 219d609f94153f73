/** How much of a child's stderr is kept for an error report, bytes. */
const TAIL_BYTES = 64 * 1024;

/** The last bytes of a stream. */
export class TailBuffer {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limit: number = TAIL_BYTES) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk.subarray(-this.#limit));
    this.#bytes += Math.min(chunk.length, this.#limit);
    for (;;) {
      const oldest = this.#chunks[0];
      if (oldest === undefined || this.#bytes - oldest.length < this.#limit) return;
      this.#chunks.shift();
      this.#bytes -= oldest.length;
    }
  }

  toString(): string {
    return Buffer.concat(this.#chunks).subarray(-this.#limit).toString("utf8");
  }
}
