import { parquetColumn } from "../../embedding/parquet-columns.ts";
import type { FlatRow } from "./flat-rows.ts";

/**
 * Writes rows as Apache Parquet; the writer is loaded when it is needed.
 *
 * @param facts stand in the file's own metadata
 */
export async function writeRowsAsParquet(
  path: string,
  rows: readonly FlatRow[],
  facts: Readonly<Record<string, string>>,
): Promise<void> {
  const { parquetWriteFile } = await import("hyparquet-writer");
  const names = Object.keys(rows[0] ?? {});
  const columns = names.map((name) =>
    parquetColumn(
      name,
      rows.map((row) => row[name]),
    ),
  );
  await parquetWriteFile({
    filename: path,
    columnData: columns.map(({ source }) => source),
    schema: [{ name: "root", num_children: columns.length }, ...columns.map(({ leaf }) => leaf)],
    kvMetadata: Object.entries(facts).map(([key, value]) => ({ key, value })),
  });
}
