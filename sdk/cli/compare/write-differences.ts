import type { Difference } from "../../records/run/differences.ts";

const MOST = 20;

/** A line each, the first ones; the JSON form has all. */
export function writeDifferences(differences: readonly Difference[]): string[] {
  const lines = differences
    .slice(0, MOST)
    .map(({ path, a, b }) => `  ${path}: ${write(a)}, ${write(b)}`);
  const more = differences.length - MOST;
  return more > 0 ? [...lines, `  and ${more} more (--json has all)`] : lines;
}

function write(value: Difference["a"]): string {
  return value === undefined ? "absent" : JSON.stringify(value);
}
