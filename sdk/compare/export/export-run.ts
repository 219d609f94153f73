import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../../records/run/durable-files.ts";
import { readRun } from "../../records/run/read-run.ts";
import { toCsv } from "./csv.ts";
import { flatCost, flatOutcomes } from "./flat-rows.ts";
import { writeRowsAsParquet } from "./parquet.ts";

/** Forms in which rows leave a run. */
export type ExportFormat = "csv" | "parquet";

/**
 * Writes the per-clip rows of a run as tables: `outcomes`, and `cost` where it was measured.
 *
 * @param formats @default both
 * @param to @default `export` in the run's folder, which its seal does not cover
 * @returns the files
 * @throws RunError `run_damaged`: the run is not what was sealed; `run_unwritable`
 */
export async function exportRun(
  folder: string,
  formats: readonly ExportFormat[] = ["csv", "parquet"],
  to: string = join(folder, "export"),
): Promise<string[]> {
  const run = await readRun(folder);
  const { root = "not sealed" } = run.seal ?? {};
  await mkdir(to, { recursive: true });
  const tables = { outcomes: flatOutcomes(run), cost: flatCost(run) };
  const written: string[] = [];
  for (const [name, rows] of Object.entries(tables)) {
    if (rows.length === 0) continue;
    for (const format of new Set(formats)) {
      const path = join(to, `${name}.${format}`);
      if (format === "csv") await writeWhole(path, toCsv(rows));
      else await writeRowsAsParquet(path, rows, { study: run.studyId, root });
      written.push(path);
    }
  }
  return written;
}
