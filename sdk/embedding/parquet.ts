import type { EmbeddingTable } from "./embedding-table.ts";
import { parquetColumn } from "./parquet-columns.ts";

/** Writes a table of embeddings as Apache Parquet; the writer is loaded when it is needed. */
export async function writeParquet(path: string, embeddings: EmbeddingTable): Promise<void> {
  const { parquetWriteFile } = await import("hyparquet-writer");
  const names = embeddings.table.columnNames();
  const columns = names.map((name) => parquetColumn(name, embeddings.column(name)));
  const [clips] = embeddings.shape;
  const features = Array.from({ length: clips }, (_, index) => Array.from(embeddings.row(index)));
  await parquetWriteFile({
    filename: path,
    columnData: [...columns.map(({ source }) => source), { name: "features", data: features }],
    schema: [
      { name: "root", num_children: columns.length + 1 },
      ...columns.map(({ leaf }) => leaf),
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
