import type { MimeBundle } from "./mime.ts";
import { table } from "./table.ts";

/** A short table of what is known of one thing: a row for each fact, `undefined` ones left out. */
export function factsBundle(title: string, facts: Readonly<Record<string, unknown>>): MimeBundle {
  const rows = Object.entries(facts).filter(([, value]) => value !== undefined);
  const { source, text } = table(
    rows.map(([fact, value]) => ({ fact, value: written(value) })),
    { title },
  );
  return { "text/html": source, "text/plain": text };
}

/** Four significant digits, and lists in words: the numbers stand below each other, but do not belong together. */
function written(value: unknown): unknown {
  if (typeof value === "number") {
    return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
  }
  return Array.isArray(value) ? value.join(", ") : value;
}
