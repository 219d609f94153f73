import type { Cell, FlatRow } from "./flat-rows.ts";

/** Rows as CSV with a line of names (RFC 4180, lines end with a bare line feed); null is an empty field. */
export function toCsv(rows: readonly FlatRow[]): string {
  const [first] = rows;
  if (first === undefined) return "";
  const names = Object.keys(first);
  const lines = rows.map((row) => names.map((name) => field(row[name] ?? null)).join(","));
  return `${[names.map(field).join(","), ...lines].join("\n")}\n`;
}

/** A text that is empty is quoted, so that it is not taken for null. */
function field(cell: Cell): string {
  if (cell === null) return "";
  const text = String(cell);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
