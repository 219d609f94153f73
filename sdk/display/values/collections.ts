import { types } from "node:util";
import { DISPLAY, type MimeBundle } from "../mime.ts";
import { table } from "../table.ts";

const ROWS = 20;

/** A Map or a Set as a table of its first and last entries. */
export function collectionBundle(value: object): MimeBundle | Promise<MimeBundle> | undefined {
  // By the methods of the built-in class: those of a child may do anything.
  if (types.isMap(value)) {
    return entriesBundle("Map", ["key", "value"], Map.prototype.entries.call(value));
  }
  if (!types.isSet(value)) return undefined;
  return entriesBundle("Set", ["value"], singles(Set.prototype.values.call(value)));
}

function* singles(values: Iterable<unknown>): Generator<readonly unknown[]> {
  for (const value of values) yield [value];
}

function entriesBundle(
  kind: string,
  names: readonly string[],
  entries: Iterable<readonly unknown[]>,
): MimeBundle | Promise<MimeBundle> | undefined {
  const first: (readonly unknown[])[] = [];
  /** The last ones, each at its place modulo their number: a Map may be larger than a copy of it could be. */
  const last: (readonly unknown[])[] = [];
  let rows = 0;
  for (const entry of entries) {
    if (rows < ROWS) first.push(entry);
    last[rows % ROWS] = entry;
    rows += 1;
  }
  if (rows === 0) return undefined;
  const columns = names.map((name, at) => ({
    name,
    type: undefined,
    at: (row: number) => (row < ROWS ? first[row] : last[row % ROWS])?.[at],
  }));
  return table({ rows, columns }, { title: `${kind}(${rows})`, limit: ROWS })[DISPLAY]();
}
