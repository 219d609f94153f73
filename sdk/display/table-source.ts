import { types } from "node:util";
import { printed } from "./values/printed.ts";

/** The part of an arquero table that is read here. */
export interface ArqueroTable {
  columnNames(): string[];
  numRows(): number;
  get(name: string, row: number): unknown;
  column?(name: string): unknown;
}

/** The part of a danfo DataFrame, or of a Series, that is read here. */
export interface DanfoFrame {
  readonly columns: readonly unknown[];
  readonly shape: readonly number[];
  readonly dtypes: readonly unknown[];
  /** Rows of a frame, values of a series. */
  readonly values: readonly unknown[];
}

export type TableRow = Readonly<Record<string, unknown>>;

/** What can be shown as a table. */
export type TableData = ArqueroTable | DanfoFrame | readonly TableRow[];

/** A column of whatever keeps it. */
export interface SourceColumn {
  readonly name: string;
  /** As its owner calls it, where it knows. */
  readonly type: string | undefined;
  at(row: number): unknown;
}

/** Rows and columns, not copied. */
export interface TableSource {
  readonly rows: number;
  readonly columns: readonly SourceColumn[];
}

/** Rows of which every property and every type is looked at; of a longer table the first ones. */
export const ROWS_SCANNED = 100_000;

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

/** Whether a value has what a DataFrame or Series of danfojs has; danfo itself is not loaded. */
export function isDanfoFrame(value: unknown): value is DanfoFrame {
  if (typeof value !== "object" || value === null || !("dtypes" in value)) return false;
  const { columns, shape, dtypes, values } = value as Partial<DanfoFrame>; // each is looked at
  return (
    Array.isArray(columns) &&
    Array.isArray(dtypes) &&
    Array.isArray(values) &&
    Array.isArray(shape) &&
    (shape.length === 1 || shape.length === 2) &&
    values.length === shape[0]
  );
}

/** Rows and columns of what can be shown as a table. */
export function tableSource(data: TableData): TableSource {
  if (isArqueroTable(data)) return arqueroSource(data);
  return isDanfoFrame(data) ? danfoSource(data) : recordsSource(data);
}

function arqueroSource(data: ArqueroTable): TableSource {
  const columns = data.columnNames().map((name) => {
    const column = data.column?.(name);
    const type = types.isTypedArray(column)
      ? column.constructor.name.replace("Array", "").toLowerCase()
      : undefined;
    return { name, type, at: (row: number) => data.get(name, row) };
  });
  return { rows: data.numRows(), columns };
}

function danfoSource({ columns, shape, dtypes, values }: DanfoFrame): TableSource {
  const isSeries = shape.length === 1;
  const named = columns.map((name, index) => ({
    name: String(name),
    type: String(dtypes[index]),
    at: (row: number) => (isSeries ? values[row] : (values[row] as readonly unknown[])[index]),
  }));
  return { rows: values.length, columns: named };
}

/** Columns in the order of their first sight. */
function recordsSource(rows: readonly TableRow[]): TableSource {
  const names = new Set(rows.slice(0, ROWS_SCANNED).flatMap((row) => Object.keys(row)));
  const columns = [...names].map((name) => ({
    name,
    type: undefined,
    at: (row: number) => read(rows[row], name),
  }));
  return { rows: rows.length, columns };
}

/** A property may be a getter that throws: it costs its own cell only. */
function read(row: TableRow | undefined, name: string): unknown {
  try {
    return row?.[name];
  } catch (reason) {
    return `[threw ${reason instanceof Error ? reason.message : printed(reason)}]`;
  }
}

/** The types of a column's values, as TypeScript would write them. */
export function columnType({ type, at }: SourceColumn, rows: number): string {
  if (type !== undefined) return type;
  const kinds = new Set<string>();
  for (let row = 0; row < Math.min(rows, ROWS_SCANNED); row += 1) kinds.add(kindOf(at(row)));
  return [...kinds].join(" | ");
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  return Array.isArray(value) ? "array" : (value.constructor?.name ?? "object");
}
