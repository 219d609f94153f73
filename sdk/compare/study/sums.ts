/** Sums for telling how far, how long and how often; statistics are computed in Python. */

export function total<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

export function mean(values: readonly number[]): number {
  return total(values, (each) => each) / values.length;
}
