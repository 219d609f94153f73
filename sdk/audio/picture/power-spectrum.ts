/**
 * Power of each frequency of a real signal, for pictures only (radix-2 FFT; Cooley and Tukey, 1965).
 *
 * @param signal of a length that is a power of two; it is overwritten
 * @returns of the frequencies 0 to half the rate, `length / 2 + 1` of them
 */
export function powerSpectrum(signal: Float64Array): Float64Array {
  const size = signal.length;
  const real = signal;
  const imaginary = new Float64Array(size);
  reorder(real);
  for (let half = 1; half < size; half *= 2) {
    for (let turn = 0; turn < half; turn += 1) {
      const cos = Math.cos((Math.PI * turn) / half);
      const sin = -Math.sin((Math.PI * turn) / half);
      for (let low = turn; low < size; low += 2 * half) {
        const high = low + half;
        const [a, b] = [real[high] ?? 0, imaginary[high] ?? 0];
        const [x, y] = [a * cos - b * sin, a * sin + b * cos];
        const [c, d] = [real[low] ?? 0, imaginary[low] ?? 0];
        real[high] = c - x;
        imaginary[high] = d - y;
        real[low] = c + x;
        imaginary[low] = d + y;
      }
    }
  }
  return Float64Array.from(
    { length: size / 2 + 1 },
    (_, at) => (real[at] ?? 0) ** 2 + (imaginary[at] ?? 0) ** 2,
  );
}

/** Each value to the place whose binary digits are its own in reverse. */
function reorder(values: Float64Array): void {
  for (let at = 1, mirrored = 0; at < values.length; at += 1) {
    let bit = values.length / 2;
    for (; (mirrored & bit) !== 0; bit /= 2) mirrored ^= bit;
    mirrored ^= bit;
    if (at < mirrored) {
      const kept = values[at] ?? 0;
      values[at] = values[mirrored] ?? 0;
      values[mirrored] = kept;
    }
  }
}
