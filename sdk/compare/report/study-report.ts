import { join, resolve } from "node:path";
import { writeWhole } from "../../records/run/durable-files.ts";
import { readRun } from "../../records/run/read-run.ts";
import { RunError } from "../../records/run/run-error.ts";
import { ShownObject } from "../../shown-object.ts";
import { RESULTS_SCHEMA, type StudyResults } from "../results-types.ts";
import { reportBlocks } from "./blocks.ts";
import { headlineSentences } from "./headline.ts";
import { reportPage } from "./page.ts";
import type { ReportSource } from "./report-source.ts";
import { resultTable } from "./result-table.ts";

/** Where a report finds what is not in the run. */
export interface ReportOptions {
  /**
   * Folder of the data set, from which the manifest's paths start: its clips get players.
   * @default null: clips are named by their path
   */
  readonly audioFolder?: string | null | undefined;
}

/** A study as it is read: in a notebook by itself, as a page of its own by `html`. */
export class StudyReport extends ShownObject {
  readonly #source: ReportSource;

  constructor(source: ReportSource) {
    super(summaryOf(source.results), () => ({
      "text/html": reportBlocks(source).source,
    }));
    this.#source = source;
  }

  /** What was found; what it cost and what weakens it. */
  get sentences(): readonly [found: string, weak: string] {
    return headlineSentences(this.#source.results);
  }

  /** The two sentences and the table as text, for a terminal. */
  get summary(): string {
    return summaryOf(this.#source.results);
  }

  /** One page with all of it: pictures, sounds, style; nothing is loaded from elsewhere. */
  get html(): string {
    return reportPage(this.#source);
  }

  /** @returns where it stands, in full */
  async write(path: string): Promise<string> {
    const file = resolve(path);
    await writeWhole(file, this.html);
    return file;
  }
}

function summaryOf(results: StudyResults): string {
  return [headlineSentences(results).join("\n"), resultTable(results).text].join("\n\n");
}

/**
 * Reads the report of a sealed run.
 *
 * @throws RunError `run_damaged`: files were changed after the sealing, or the run is not sealed, or its
 *   results are of another form
 */
export async function openReport(
  folder: string,
  options: ReportOptions = {},
): Promise<StudyReport> {
  const run = await readRun(folder);
  if (run.results === null) {
    throw new RunError(
      "run_damaged",
      folder,
      "There are no results before the run is sealed: finish it",
    );
  }
  const { schema } = run.results;
  if (schema !== RESULTS_SCHEMA) {
    const found = `results.json is of the form ${String(schema)}, not ${RESULTS_SCHEMA}`;
    throw new RunError("run_damaged", folder, found);
  }
  // `runStudy` wrote it, in the form that it names, and the seal says that it is as it was.
  const results = run.results as unknown as StudyResults;
  return new StudyReport({ results, run, audioFolder: options.audioFolder ?? null });
}

/**
 * Writes a sealed run's report as one HTML file.
 *
 * @param path @default `report.html` in the run's folder, which its seal does not cover
 * @returns where it stands
 * @throws RunError as `openReport`; `run_unwritable`
 */
export async function writeReport(
  folder: string,
  path: string = join(folder, "report.html"),
  options: ReportOptions = {},
): Promise<string> {
  return await (await openReport(folder, options)).write(path);
}
