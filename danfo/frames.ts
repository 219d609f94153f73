/** Tables to danfo and back. */
import { type ColumnTable, table } from "arquero";
import type { ArqueroTable, TableRow } from "../sdk/display/index.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { type DataFrame, danfo } from "./danfo.ts";

/**
 * A danfo frame of a table, with the same columns in the same order.
 *
 * Missing values are null there. danfo calls a column of digits in text an int32, and keeps the text.
 *
 * @param source an arquero table, or rows as objects; columns in the order of their first sight
 * @throws InvalidArgumentError a value that danfo cannot hold (it takes null, booleans, numbers, text and
 *   dates, and would write others as text), or no rows
 * @throws DanfoMissingError danfo is not installed
 */
export function toDanfo(source: ArqueroTable | readonly TableRow[]): DataFrame {
  const columns = isTable(source) ? columnsOfTable(source) : columnsOfRows(source);
  const [first] = columns;
  if (first === undefined || first[1].length === 0) {
    throw new InvalidArgumentError(
      "source",
      "a table with rows: danfo has no empty frames",
      source,
    );
  }
  const checked = columns.map(([name, values]) => [name, values.map(checkValue(name))] as const);
  return new (danfo().DataFrame)(Object.fromEntries(checked));
}

/** An arquero table of a danfo frame; its index is left behind. */
export function fromDanfo(frame: DataFrame): ColumnTable {
  return table(frame.columns.map((name) => [name, frame.column(name).values]));
}

type Column = readonly [name: string, values: unknown[]];

function isTable(source: ArqueroTable | readonly TableRow[]): source is ArqueroTable {
  return !Array.isArray(source);
}

function columnsOfTable(source: ArqueroTable): Column[] {
  const rows = Array.from({ length: source.numRows() }, (_, row) => row);
  return source.columnNames().map((name) => [name, rows.map((row) => source.get(name, row))]);
}

function columnsOfRows(source: readonly TableRow[]): Column[] {
  const names = new Set(source.flatMap((row) => Object.keys(row)));
  return [...names].map((name) => [name, source.map((row) => row[name])]);
}

function checkValue(column: string): (value: unknown, row: number) => unknown {
  return (value, row) => {
    if (value === null || value === undefined) return null;
    if (["boolean", "number", "string"].includes(typeof value) || value instanceof Date)
      return value;
    const field = `source[${row}][${JSON.stringify(column)}]`;
    throw new InvalidArgumentError(field, "null, a boolean, a number, text or a Date", value);
  };
}
