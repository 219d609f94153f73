/** The arithmetic of a search by cosine. */

/**
 * What float32 leaves uncertain of a cosine: an identical vector may come out at 0.9999999. A
 * lowest similarity is taken with this slack, or `minSimilarity: 1` would miss it.
 */
const SLACK = 1e-6;

/** Whether a cosine reaches a limit, as far as float32 can tell. */
export function reaches(similarity: number, limit: number): boolean {
  return similarity >= limit - SLACK;
}

/** Rounding takes the cosine of equal, or opposite, vectors past its ends. */
export function clampCosine(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

/** Euclidean length; the squares are summed in double precision. */
export function lengthOf(vector: Float32Array): number {
  let squares = 0;
  for (let k = 0; k < vector.length; k += 1) squares += (vector[k] as number) ** 2;
  return Math.sqrt(squares);
}

/** The vector at length 1. */
export function toUnit(vector: Float32Array): Float32Array {
  const length = lengthOf(vector);
  return vector.map((value) => value / length);
}

/**
 * Product of a vector and the row of a matrix that begins at `start`. Four sums at once: twice as
 * quick as one, and what a compiler of Float32Array code can use.
 */
export function dotRow(rows: Float32Array, start: number, vector: Float32Array): number {
  const width = vector.length;
  const whole = width - (width % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let k = 0; k < whole; k += 4) {
    const at = start + k;
    a += (rows[at] as number) * (vector[k] as number);
    b += (rows[at + 1] as number) * (vector[k + 1] as number);
    c += (rows[at + 2] as number) * (vector[k + 2] as number);
    d += (rows[at + 3] as number) * (vector[k + 3] as number);
  }
  for (let k = whole; k < width; k += 1) a += (rows[start + k] as number) * (vector[k] as number);
  return a + b + c + d;
}
