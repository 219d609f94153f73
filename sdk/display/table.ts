import { escapeMarkup, type Html, isHtml, trustedHtml } from "./html.ts";
import { type ColumnFormat, columnFormat } from "./table-format.ts";

/** The part of an arquero table that is read here. */
export interface ArqueroTable {
  columnNames(): string[];
  numRows(): number;
  get(name: string, row: number): unknown;
}

export type TableRow = Readonly<Record<string, unknown>>;

export interface TableOptions {
  title?: string;
  /** Decimals of numeric columns that are not whole numbers; by default chosen for each column. */
  digits?: number;
  /**
   * Rows shown; a last line says how many more there are.
   * @default 100
   */
  limit?: number;
}

interface Column {
  name: string;
  values: unknown[];
  format: ColumnFormat;
}

// Only a translucent grey and the inherited text colour, so that light and dark themes both work.
const RULE = "1px solid rgba(128,128,128,0.35)";
const CELL = "padding:0.25em 0.9em;border:none;";
const STYLE = {
  table: "border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0.3em 0;",
  caption: "caption-side:top;text-align:left;font-weight:600;padding:0.25em 0;color:inherit;",
  head: `${CELL}border-bottom:${RULE};font-weight:600;`,
  note: `${CELL}border-top:${RULE};text-align:left;opacity:0.7;`,
};

/** Whether a value is a table of arquero, told by its methods: arquero itself is not loaded. */
export function isArqueroTable(value: unknown): value is ArqueroTable {
  // Nothing is taken for granted: each of its members is looked at.
  const candidate = value as Partial<ArqueroTable> | null | undefined;
  return (
    typeof candidate === "object" &&
    typeof candidate?.columnNames === "function" &&
    typeof candidate.numRows === "function" &&
    typeof candidate.get === "function"
  );
}

/**
 * A table for reading: numbers right-aligned with equal decimals, everything else escaped.
 *
 * A cell that is {@link Html} (a player, say) is placed as it is.
 *
 * @param source an arquero table, or rows as objects; columns in the order of their first sight
 */
export function table(
  source: ArqueroTable | readonly TableRow[],
  options: TableOptions = {},
): Html {
  const { title, digits, limit = 100 } = options;
  const total = isArqueroTable(source) ? source.numRows() : source.length;
  const shown = Math.min(total, limit);
  const columns = readColumns(source, shown).map((column) => ({
    ...column,
    format: columnFormat(column.values, digits),
  }));
  const more = total > shown ? `… ${total - shown} more rows` : "";
  return trustedHtml(
    writeHtml(columns, shown, title, more),
    writeText(columns, shown, title, more),
  );
}

function readColumns(
  source: ArqueroTable | readonly TableRow[],
  shown: number,
): Omit<Column, "format">[] {
  const rows = Array.from({ length: shown }, (_, row) => row);
  if (isArqueroTable(source)) {
    return source
      .columnNames()
      .map((name) => ({ name, values: rows.map((row) => source.get(name, row)) }));
  }
  const names = new Set(source.slice(0, shown).flatMap((row) => Object.keys(row)));
  return [...names].map((name) => ({ name, values: rows.map((row) => source[row]?.[name]) }));
}

function writeHtml(
  columns: Column[],
  shown: number,
  title: string | undefined,
  more: string,
): string {
  const caption =
    title === undefined ? "" : `<caption style="${STYLE.caption}">${escapeMarkup(title)}</caption>`;
  const head = columns
    .map(
      ({ name, format }) =>
        `<th scope="col" style="${STYLE.head}${align(format)}">${escapeMarkup(name)}</th>`,
    )
    .join("");
  const body = Array.from({ length: shown }, (_, row) => `<tr>${writeRow(columns, row)}</tr>`).join(
    "",
  );
  const foot =
    more === ""
      ? ""
      : `<tfoot><tr><td colspan="${columns.length}" style="${STYLE.note}">${more}</td></tr></tfoot>`;
  return `<table style="${STYLE.table}">${caption}<thead><tr>${head}</tr></thead><tbody>${body}</tbody>${foot}</table>`;
}

function writeRow(columns: Column[], row: number): string {
  return columns
    .map(({ values, format }) => {
      const value = values[row];
      const content = isHtml(value) ? value.source : escapeMarkup(format.write(value));
      return `<td style="${CELL}${align(format)}">${content}</td>`;
    })
    .join("");
}

function align({ numeric }: ColumnFormat): string {
  return numeric ? "text-align:right;" : "text-align:left;";
}

function writeText(
  columns: Column[],
  shown: number,
  title: string | undefined,
  more: string,
): string {
  const written = columns.map(({ name, values, format }) => {
    const cells = values.map((value) => format.write(value).replace(/\s+/g, " "));
    const width = Math.max(name.length, ...cells.map((cell) => cell.length));
    const pad = (text: string): string =>
      format.numeric ? text.padStart(width) : text.padEnd(width);
    return { head: pad(name), rule: "─".repeat(width), cells: cells.map(pad) };
  });
  const lines = [
    written.map(({ head }) => head),
    written.map(({ rule }) => rule),
    ...Array.from({ length: shown }, (_, row) => written.map(({ cells }) => cells[row] ?? "")),
  ].map((cells) => cells.join("  ").trimEnd());
  return [...(title === undefined ? [] : [title]), ...lines, ...(more === "" ? [] : [more])].join(
    "\n",
  );
}
