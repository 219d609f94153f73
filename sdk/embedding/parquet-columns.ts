/** Flat columns of Apache Parquet, typed by what stands in them. */
import type { ColumnSource } from "hyparquet-writer";

/** A column as the writer takes it, with the leaf of the schema that describes it. */
export interface ParquetColumn {
  readonly source: ColumnSource;
  readonly leaf: {
    readonly name: string;
    readonly type: "BOOLEAN" | "DOUBLE" | "BYTE_ARRAY";
    readonly converted_type?: "UTF8";
    readonly repetition_type: "OPTIONAL";
  };
}

/** Booleans and numbers as such, all else as text; undefined is null. */
export function parquetColumn(name: string, cells: readonly unknown[]): ParquetColumn {
  const values = cells.map((cell) => cell ?? null);
  const repetition_type = "OPTIONAL";
  if (isEvery(values, "boolean")) {
    return { source: { name, data: values }, leaf: { name, type: "BOOLEAN", repetition_type } };
  }
  if (isEvery(values, "number")) {
    return { source: { name, data: values }, leaf: { name, type: "DOUBLE", repetition_type } };
  }
  return {
    source: { name, data: values.map((value) => (value === null ? null : String(value))) },
    leaf: { name, type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type },
  };
}

function isEvery(values: readonly unknown[], type: "boolean" | "number"): boolean {
  const known = values.filter((value) => value !== null);
  return known.length > 0 && known.every((value) => typeof value === type);
}
