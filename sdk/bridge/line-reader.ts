import { LineSplitter } from "./line-splitter.ts";

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
  readonly #splitter: LineSplitter;

  /** @param maxLineBytes longest line that is kept in memory */
  constructor(maxLineBytes: number, { onLine, onOversize }: LineHandlers) {
    this.#splitter = new LineSplitter(maxLineBytes, {
      onLine: (line) => onLine(line.toString("utf8")),
      onOversize,
    });
  }

  /** Reads a chunk; calls `onLine` for every line that it ends. */
  push(chunk: Buffer): void {
    this.#splitter.push(chunk);
  }
}
