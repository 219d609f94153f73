import { join } from "node:path";
import { parseArgs } from "node:util";
import { openReport } from "../../compare/report/study-report.ts";
import { runFolders } from "./run-folders.ts";

/** `compare report RUN [--audio FOLDER] [--to FILE]`. */
export async function runReport(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      audio: { type: "string" },
      to: { type: "string" },
      json: { type: "boolean" },
    },
  });
  const [folder = ""] = runFolders(positionals, 1);
  const report = await openReport(folder, { audioFolder: values.audio });
  const file = await report.write(values.to ?? join(folder, "report.html"));
  const { sentences } = report;
  if (values.json) console.log(JSON.stringify({ report: file, sentences }, null, 2));
  else console.log(`${report.summary}\n\nreport: ${file}`);
  return 0;
}
