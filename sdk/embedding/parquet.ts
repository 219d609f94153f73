import type { EmbeddingTable } from "./embedding-table.ts";

/** Column types that fit every value of a column. */
type CellType = "BOOLEAN" | "DOUBLE" | "STRING";

/** Writes a table of embeddings as Apache Parquet; the writer is loaded when it is needed. */
export async function writeParquet(path: string, embeddings: EmbeddingTable): Promise<void> {
  const { parquetWriteFile } = await import("hyparquet-writer");
  const names = embeddings.table.columnNames();
  const columns = names.map((name) => {
    const values = embeddings.column(name).map((value) => value ?? null);
    const type = cellType(values);
    const cells = values.map((v) => (type === "STRING" && v !== null ? String(v) : v));
    return { name, type, data: cells };
  });
  const [clips] = embeddings.shape;
  const features = Array.from({ length: clips }, (_, index) => Array.from(embeddings.row(index)));
  await parquetWriteFile({
    filename: path,
    columnData: [
      ...columns.map(({ name, data }) => ({ name, data })),
      { name: "features", data: features },
    ],
    schema: [
      { name: "root", num_children: columns.length + 1 },
      ...columns.map(({ name, type }) => ({
        name,
        type: type === "STRING" ? ("BYTE_ARRAY" as const) : type,
        ...(type === "STRING" ? { converted_type: "UTF8" as const } : {}),
        repetition_type: "OPTIONAL" as const,
      })),
      // The three levels of a list (parquet-format, LogicalTypes.md, "Lists").
      { name: "features", num_children: 1, repetition_type: "REQUIRED", converted_type: "LIST" },
      { name: "list", num_children: 1, repetition_type: "REPEATED" },
      { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
    ],
    kvMetadata: Object.entries(embeddings.facts).map(([key, value]) => ({
      key,
      value: String(value),
    })),
  });
}

function cellType(values: readonly unknown[]): CellType {
  const known = values.filter((value) => value !== null);
  if (known.length > 0 && known.every((value) => typeof value === "boolean")) return "BOOLEAN";
  if (known.length > 0 && known.every((value) => typeof value === "number")) return "DOUBLE";
  return "STRING";
}
