/**
 * What lies before the bytes of a slot, in both arenas: the generation that it has now, 0 once it is
 * free. A reference that outlives its slot is told by it, and never read as what lies there since.
 */
import { readvSync, writeSync, writevSync } from "node:fs";

/** Bytes before each slot: one alignment, of which the first eight are the generation, little-endian. */
export const HEADER_BYTES = 64;
/** What `readUIntLE` and `writeUIntLE` take, bytes; the rest is 0. */
const GENERATION_BYTES = 6;
const FREE = new Uint8Array(8);

const header = Buffer.alloc(HEADER_BYTES);

/** Writes a slot's header and its bytes, which begin at `offset`. */
export function writeSlot(fd: number, generation: number, bytes: Uint8Array, offset: number): void {
  header.writeUIntLE(generation, 0, GENERATION_BYTES);
  const whole = HEADER_BYTES + bytes.byteLength;
  if (writevSync(fd, [header, bytes], offset - HEADER_BYTES) === whole) return;
  writeFully(fd, header, offset - HEADER_BYTES);
  writeFully(fd, bytes, offset);
}

/** The slot whose bytes begin at `offset` is no longer anyone's. */
export function clearSlot(fd: number, offset: number): void {
  writeSync(fd, FREE, 0, FREE.byteLength, offset - HEADER_BYTES);
}

/**
 * Fills `target` from `offset` on.
 *
 * @returns the generation of the slot; undefined: the file ends before that
 */
export function readSlot(fd: number, target: Uint8Array, offset: number): number | undefined {
  let done = readvSync(fd, [header, target], offset - HEADER_BYTES) - HEADER_BYTES;
  while (done < target.byteLength) {
    const count = done < 0 ? 0 : readvSync(fd, [target.subarray(done)], offset + done);
    if (count === 0) return undefined;
    done += count;
  }
  return header.readUIntLE(0, GENERATION_BYTES);
}

export function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.byteLength) {
    done += writeSync(fd, bytes, done, bytes.byteLength - done, position + done);
  }
}
