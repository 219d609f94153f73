import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ExportFormat, exportRun } from "../../compare/export/export-run.ts";
import { SEAL } from "../../records/run/seal.ts";
import { runFolders } from "./run-folders.ts";

const FORMATS: readonly ExportFormat[] = ["csv", "parquet"];

/** `compare export RUN [--csv] [--parquet] [--to FOLDER]`. */
export async function runExport(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      csv: { type: "boolean" },
      parquet: { type: "boolean" },
      to: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [folder = ""] = runFolders(positionals, 1);
  const asked = FORMATS.filter((format) => values[format]);
  const files = await exportRun(folder, asked.length === 0 ? FORMATS : asked, values.to);
  if (!existsSync(join(folder, SEAL))) {
    console.error(
      "The run is not sealed: these are the rows that it has so far, and more may come.",
    );
  }
  console.log(values.json ? JSON.stringify({ files }, null, 2) : files.join("\n"));
  return 0;
}
