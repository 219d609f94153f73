import { readFile } from "node:fs/promises";
import { InvalidArgumentError } from "../sdk/errors.ts";

/** A line of a table: its cells by the names of their columns, all as text. */
export type CsvRow<Column extends string> = Readonly<Record<Column, string>>;

/**
 * Reads a table with a header (RFC 4180, by arquero); columns that are not asked for are left out.
 *
 * @throws InvalidArgumentError a column is missing, or a line has too few cells
 */
export async function readCsv<Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<CsvRow<Column>[]> {
  const { rows, names } = await readTable(path);
  for (const column of columns) {
    if (!names.includes(column))
      throw new InvalidArgumentError(path, `a table with \`${column}\``, names.join());
  }
  return rows.map((row, index) => {
    const cells = columns.map((column) => {
      const cell = row[column];
      if (cell !== undefined) return [column, cell] as const;
      // The header is line 1.
      throw new InvalidArgumentError(
        `${path} line ${index + 2}`,
        `a line with \`${column}\``,
        cell,
      );
    });
    return Object.fromEntries(cells) as CsvRow<Column>; // built from exactly these columns
  });
}

/** All columns, for a table whose columns are the user's own; a cell that is not there is undefined. */
export async function readTable(
  path: string,
): Promise<{ rows: Readonly<Record<string, string | undefined>>[]; names: readonly string[] }> {
  const { fromCSV } = await import("arquero"); // 0.1 s that a notebook without such a table does not wait for
  // A byte-order mark, as spreadsheets write it, would become part of the first name.
  const text = (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  const table = fromCSV(text, { autoType: false });
  return {
    rows: table.objects() as Record<string, string | undefined>[],
    names: table.columnNames(),
  };
}
