import { types } from "node:util";
import { DISPLAY, type MimeBundle } from "../mime.ts";
import { table } from "../table.ts";

const ROWS = 20;

/** A Map or a Set as a table of its first and last entries. */
export function collectionBundle(value: object): MimeBundle | Promise<MimeBundle> | undefined {
  const rows = rowsOf(value);
  if (rows === undefined || rows.length === 0) return undefined;
  const kind = types.isMap(value) ? "Map" : "Set";
  return table(rows, { title: `${kind}(${rows.length})`, limit: ROWS })[DISPLAY]();
}

// By the methods of the built-in class: those of a child may do anything.
function rowsOf(value: object): Record<string, unknown>[] | undefined {
  if (types.isMap(value)) {
    const entries: [unknown, unknown][] = [...Map.prototype.entries.call(value)];
    return entries.map(([key, it]) => ({ key, value: it }));
  }
  if (types.isSet(value)) {
    return [...Set.prototype.values.call(value)].map((it: unknown) => ({ value: it }));
  }
  return undefined;
}
