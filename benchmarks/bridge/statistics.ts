export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The items, another one first in each round: what else the machine does meets all alike. */
export function rotate<Item>(items: readonly Item[], round: number): Item[] {
  const start = round % Math.max(1, items.length);
  return [...items.slice(start), ...items.slice(0, start)];
}

/** Uniform in (-1, 1), the same each time: Park and Miller, CACM 31 (1988). */
export function noise(count: number): Float32Array {
  let state = 1;
  const samples = new Float32Array(count);
  for (let index = 0; index < count; index += 1) {
    state = (state * 48_271) % 2_147_483_647; // below 2^53: exact
    samples[index] = state / 1_073_741_824 - 1;
  }
  return samples;
}
