import { parseArgs } from "node:util";
import { type ExportFormat, exportRun } from "../../compare/export/export-run.ts";
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
  console.log(values.json ? JSON.stringify({ files }, null, 2) : files.join("\n"));
  return 0;
}
