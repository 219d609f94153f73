/** Tensors inside lines: where no memory is shared, or where it has no room. */

/** Most bytes of tensors inside one line, and longest piece of one that is sent before it; a multiple of 3 for base64. */
export const MAX_INLINE_BYTES: number = 3 * 1024 * 1024;

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/** What is too long for its line, as base64 of lengths that a line has room for. */
export function toPieces(bytes: Uint8Array): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.byteLength; at += MAX_INLINE_BYTES) {
    pieces.push(toBase64(bytes.subarray(at, at + MAX_INLINE_BYTES)));
  }
  return pieces;
}
