import type { Writable } from "node:stream";

/**
 * Writes for a reader that has to wake up for each write. The first of a turn of the event loop leaves at
 * once, the others together: the reader wakes up for two, and not for each.
 */
export class TurnWriter {
  readonly #stream: Writable;
  #hasWritten = false;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** @returns false: it is read more slowly than we write; the stream's `drain` tells when that is over */
  write(data: string | Uint8Array): boolean {
    const stream = this.#stream;
    if (!stream.writable) return true;
    if (this.#hasWritten) {
      if (stream.writableCorked === 0) stream.cork();
    } else {
      this.#hasWritten = true;
      process.nextTick(() => {
        this.#hasWritten = false;
        stream.uncork();
      });
    }
    return stream.write(data);
  }
}
