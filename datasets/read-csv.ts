import { InvalidArgumentError } from "../sdk/errors.ts";
import { readText } from "./layout.ts";

/** A line of a table: its cells by the names of their columns, all as text. */
export type CsvRow<Column extends string> = Readonly<Record<Column, string>>;

/** One more column than the header has: what stands in it is a cell too many. */
const BEYOND = "\0";

/**
 * Reads a table with a header (RFC 4180, by arquero); columns that are not asked for are left out.
 *
 * @throws InvalidArgumentError a column is missing, or a line has too many cells, or none in a column
 */
export async function readCsv<Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<CsvRow<Column>[]> {
  const { rows, names } = await readTable(path);
  for (const column of columns) {
    if (names.includes(column)) continue;
    throw new InvalidArgumentError(path, `a table with \`${column}\``, names.join());
  }
  return rows.map((row, index) => {
    const cells = columns.map((column) => {
      const cell = row[column];
      if (cell !== undefined) return [column, cell] as const;
      throw new InvalidArgumentError(
        `${path} line ${index + 2}`, // the header is line 1
        `a line with \`${column}\``,
        undefined,
      );
    });
    return Object.fromEntries(cells) as CsvRow<Column>; // built from exactly these columns
  });
}

/**
 * All columns, for a table whose columns are the user's own; an empty cell is undefined.
 *
 * @throws InvalidArgumentError it is empty, or a line has more cells than the header: mostly a comma that
 *   was not quoted, after which every cell would stand in the wrong column
 */
export async function readTable(
  path: string,
): Promise<{ rows: Readonly<Record<string, string | undefined>>[]; names: readonly string[] }> {
  const { fromCSV } = await import("arquero"); // 0.1 s that a notebook without such a table does not wait for
  // A byte-order mark, as spreadsheets write it, would become part of the first name.
  const text = (await readText(path)).replace(/^\uFEFF/, "");
  if (text.trim() === "") throw new InvalidArgumentError(path, "a table with a header", text);
  // Its own reading of a header fails on a table without rows, and drops cells beyond the first row's.
  const marked = text.replace(/\r?\n|$/, `,${BEYOND}$&`);
  const table = fromCSV(marked, { autoType: false, header: false });
  const [names = [], ...lines] = (table.objects() as Record<string, string | null>[]).map((line) =>
    Object.values(line),
  );
  const rows = lines.map((line, index) => {
    const cells = names.map((name, at) => [name, line[at] ?? undefined] as const);
    const extra = cells.pop()?.[1];
    if (extra !== undefined) {
      const where = `${path} line ${index + 2}`;
      throw new InvalidArgumentError(where, `${names.length - 1} cells, as the header has`, extra);
    }
    return Object.fromEntries(cells.map(([name, cell]) => [String(name), cell]));
  });
  return { rows, names: names.slice(0, -1).map(String) };
}
