/** What a line splitter reports. */
export interface SplitterHandlers {
  /** One line, without its newline. */
  readonly onLine: (line: Buffer) => void;
  /** A line was longer than the limit and is dropped; `head` is how it began. */
  readonly onOversize: (head: string) => void;
}

/** How much of an over-long line is kept, so that one can tell which answer it was. */
const HEAD_BYTES = 256;
export const NEWLINE = 0x0a;

/**
 * Bytes in, lines out, still as bytes.
 *
 * Lines end at 0x0A and nowhere else: U+2028 and U+0085 are legal inside JSON strings. Chunks are
 * kept as they came and joined once per line, so that a long line costs no repeated copying.
 */
export class LineSplitter {
  readonly #maxLineBytes: number;
  readonly #handlers: SplitterHandlers;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #isSkipping = false;

  /** @param maxLineBytes longest line that is kept in memory */
  constructor(maxLineBytes: number, handlers: SplitterHandlers) {
    this.#maxLineBytes = maxLineBytes;
    this.#handlers = handlers;
  }

  /** Whether the next byte begins a line. */
  get isBetweenLines(): boolean {
    return this.#bytes === 0 && !this.#isSkipping;
  }

  /** Reads a chunk; calls `onLine` for every line that it ends. */
  push(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end === -1) break;
      this.#append(chunk.subarray(start, end));
      this.#finishLine();
      start = end + 1;
    }
    this.#append(chunk.subarray(start));
  }

  #append(part: Buffer): void {
    if (part.length === 0 || this.#isSkipping) return;
    this.#chunks.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= this.#maxLineBytes) return;
    const head = Buffer.concat(this.#chunks, HEAD_BYTES); // no second copy of all of it
    this.#reset();
    this.#isSkipping = true;
    this.#handlers.onOversize(head.toString("utf8"));
  }

  #finishLine(): void {
    if (this.#isSkipping) {
      this.#isSkipping = false;
      return;
    }
    const only = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    const line = only ?? Buffer.concat(this.#chunks);
    this.#reset();
    this.#handlers.onLine(line);
  }

  #reset(): void {
    this.#chunks = [];
    this.#bytes = 0;
  }
}
