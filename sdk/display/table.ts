import { escapeMarkup, type Html, isHtml, trustedHtml } from "./html.ts";
import { type ColumnFormat, columnFormat } from "./table-format.ts";
import {
  columnType,
  ROWS_SCANNED,
  type SourceColumn,
  type TableData,
  tableSource,
} from "./table-source.ts";

export interface TableOptions {
  title?: string;
  /** Decimals of numeric columns that are not whole numbers; by default chosen for each column. */
  digits?: number;
  /**
   * Rows shown: of a longer table the first and the last ones, and between them how many there are.
   * @default 100
   */
  limit?: number;
  /**
   * Also numbers of rows, types of columns and the size: for a data frame; a report needs none of it.
   * @default false
   */
  structure?: boolean;
}

interface Column {
  name: string;
  type: string;
  values: unknown[];
  format: ColumnFormat;
}

/** What is written, in HTML and as text. */
interface Layout {
  title: string | undefined;
  columns: Column[];
  hasTypes: boolean;
  /** Place among the written rows before which the gap stands. */
  gap: number | undefined;
  skipped: string;
  foot: string | undefined;
}

// Only a translucent grey and the inherited text colour, so that light and dark themes both work.
const RULE = "1px solid rgba(128,128,128,0.35)";
const CELL = "padding:0.25em 0.9em;border:none;";
const STYLE = {
  table: "border-collapse:collapse;font-variant-numeric:tabular-nums;margin:0.3em 0;",
  caption: "caption-side:top;text-align:left;font-weight:600;padding:0.25em 0;color:inherit;",
  head: `${CELL}border-bottom:${RULE};font-weight:600;`,
  type: "font-weight:400;opacity:0.7;font-size:0.85em;",
  note: `${CELL}text-align:left;opacity:0.7;`,
};
/** Of a data frame; a report has fewer. */
const MOST_COLUMNS = 50;

/**
 * A table for reading: numbers right-aligned with equal decimals, everything else escaped.
 *
 * A cell that is {@link Html} (a player, say) is placed as it is.
 *
 * @param data a table of arquero, a frame of danfo, or rows as objects; columns in the order of their first
 *   sight
 */
export function table(data: TableData, options: TableOptions = {}): Html {
  const layout = layOut(data, options);
  return trustedHtml(writeHtml(layout), writeText(layout));
}

function layOut(
  data: TableData,
  { title, digits, limit = 100, structure = false }: TableOptions,
): Layout {
  const source = tableSource(data);
  const head = source.rows <= limit ? source.rows : Math.ceil(limit / 2);
  const tail = source.rows <= limit ? 0 : Math.floor(limit / 2);
  const rows = [
    ...Array.from({ length: head }, (_, row) => row),
    ...Array.from({ length: tail }, (_, row) => source.rows - tail + row),
  ];
  const numbers: SourceColumn = { name: "", type: "", at: (row) => row };
  const shown = structure ? source.columns.slice(0, MOST_COLUMNS) : source.columns;
  const columns = (structure ? [numbers, ...shown] : shown).map((column) => {
    const values = rows.map((row) => column.at(row));
    const type = structure ? columnType(column, source.rows) : "";
    return { name: column.name, type, values, format: columnFormat(values, digits) };
  });
  const skipped = source.rows - rows.length;
  return {
    title,
    columns,
    hasTypes: structure,
    gap: skipped > 0 ? head : undefined,
    skipped: `… ${skipped} more rows`,
    foot: structure ? describeSize(source.rows, source.columns.length) : undefined,
  };
}

function describeSize(rows: number, columns: number): string {
  const size = `${rows} ${rows === 1 ? "row" : "rows"} × ${columns} ${columns === 1 ? "column" : "columns"}`;
  const cut = columns > MOST_COLUMNS ? `, the first ${MOST_COLUMNS} of them shown` : "";
  return `${size}${cut}${rows > ROWS_SCANNED ? `; types of the first ${ROWS_SCANNED} rows` : ""}`;
}

function writeHtml({ title, columns, hasTypes, gap, skipped, foot }: Layout): string {
  const caption =
    title === undefined ? "" : `<caption style="${STYLE.caption}">${escapeMarkup(title)}</caption>`;
  const head = columns.map(({ name, type, format }) => {
    const typed = hasTypes ? `<br/><span style="${STYLE.type}">${escapeMarkup(type)}</span>` : "";
    return `<th scope="col" style="${STYLE.head}${align(format)}">${escapeMarkup(name)}${typed}</th>`;
  });
  const count = columns[0]?.values.length ?? 0;
  const body = Array.from({ length: count }, (_, row) => `<tr>${writeRow(columns, row)}</tr>`);
  const note = (text: string): string =>
    `<tr><td colspan="${columns.length}" style="${STYLE.note}">${text}</td></tr>`;
  if (gap !== undefined) body.splice(gap, 0, note(skipped));
  const end = foot === undefined ? "" : `<tfoot>${note(foot)}</tfoot>`;
  return `<table style="${STYLE.table}">${caption}<thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody>${end}</table>`;
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

function writeText({ title, columns, hasTypes, gap, skipped, foot }: Layout): string {
  const written = columns.map(({ name, type, values, format }) => {
    const cells = values.map((value) => format.write(value).replace(/\s+/g, " "));
    const heads = hasTypes ? [name, type] : [name];
    const width = Math.max(...[...heads, ...cells].map((cell) => cell.length));
    const pad = (text: string): string =>
      format.numeric ? text.padStart(width) : text.padEnd(width);
    return [...heads.map(pad), "─".repeat(width), ...cells.map(pad)];
  });
  const count = written[0]?.length ?? 0;
  const lines = Array.from({ length: count }, (_, line) =>
    written
      .map((cells) => cells[line])
      .join("  ")
      .trimEnd(),
  );
  if (gap !== undefined) lines.splice(gap + (hasTypes ? 3 : 2), 0, skipped);
  return [title, ...lines, foot].filter((line) => line !== undefined).join("\n");
}
