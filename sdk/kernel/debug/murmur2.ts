/**
 * MurmurHash2 by Austin Appleby (public domain), 32 bits, of a text in UTF-8: by it JupyterLab names
 * a cell to a debugger. As in ipykernel's compiler.py and JupyterLab's debugger/src/hash.ts.
 */

const MULTIPLIER = 0x5bd1e995;

/** The hash, from 0 to 2³² - 1. */
export function murmur2(text: string, seed: number): number {
  const data = new TextEncoder().encode(text);
  const words = data.length >> 2;
  const view = new DataView(data.buffer);
  let hash = seed ^ data.length;
  for (let word = 0; word < words; word++) {
    let k = Math.imul(view.getUint32(4 * word, true), MULTIPLIER);
    k = Math.imul(k ^ (k >>> 24), MULTIPLIER);
    hash = Math.imul(hash, MULTIPLIER) ^ k;
  }
  const rest = data.subarray(4 * words);
  if (rest.length > 0) {
    const k = (rest[0] ?? 0) | ((rest[1] ?? 0) << 8) | ((rest[2] ?? 0) << 16);
    hash = Math.imul(hash ^ k, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return (hash ^ (hash >>> 15)) >>> 0;
}
