import { parseArgs } from "node:util";
import { diffRuns, type RunDifference } from "../../records/run/diff-runs.ts";
import { runFolders } from "./run-folders.ts";
import { writeDifferences } from "./write-differences.ts";

/** `compare diff RUN RUN`: where two runs part; 0, however much they differ. */
export async function runDiff(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" } },
  });
  const [a = "", b = ""] = runFolders(positionals, 2);
  const difference = await diffRuns(a, b);
  console.log(values.json ? JSON.stringify(difference, null, 2) : describe(difference));
  return 0;
}

function describe({ quality, cost, fields, rows, results }: RunDifference): string {
  return [
    `Quality: ${quality}.`,
    `Cost: ${cost}.`,
    `Fields that differ: ${fields.length}`,
    ...writeDifferences(fields),
    `Files whose rows differ: ${rows.length}`,
    ...rows.map(
      ({ path, changed, onlyA, onlyB }) =>
        `  ${path}: ${changed} changed, ${onlyA} only in the first, ${onlyB} only in the second`,
    ),
    `Numbers of results.json that differ: ${results.length}`,
    ...writeDifferences(results),
  ].join("\n");
}
