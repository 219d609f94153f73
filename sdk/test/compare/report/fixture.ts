import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Outcome, openRun, StudyReport, type StudyResults } from "../../../compare/index.ts";
import type { ReportSource } from "../../../compare/report/report-source.ts";
import { makeOpening, makeParent } from "../../records/run/make-opening.ts";

const FIXTURE = join(import.meta.dirname, "fixture");

/** Of `make-fixture.ts`: gama-tiny, wav2vec2-tiny and mel statistics on 48 shipped clips. */
export const RESULTS: StudyResults = JSON.parse(
  readFileSync(join(FIXTURE, "results.json"), "utf8"),
) as StudyResults;
export const OUTCOMES: readonly Outcome[] = readFileSync(join(FIXTURE, "outcomes.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Outcome);
/** Where the paths of the deciding clips start. */
export const SAMPLES: string = join(import.meta.dirname, "../../../../datasets/samples");

export function sourceOf(
  change: Partial<StudyResults> = {},
  audioFolder: string | null = null,
): ReportSource {
  return { results: { ...RESULTS, ...change }, run: null, audioFolder };
}

/** The primary verdict changed, the others as they are. */
export function withPrimary(
  change: Partial<StudyResults["verdicts"][number]>,
): StudyResults["verdicts"] {
  return RESULTS.verdicts.map((it) => (it.family === "primary" ? { ...it, ...change } : it));
}

/** A run directory with the fixture's rows, sealed with its results. */
export async function makeRun({
  results = RESULTS,
  outcomes = OUTCOMES,
  isSealed = true,
}: {
  results?: object;
  outcomes?: readonly Outcome[];
  isSealed?: boolean;
} = {}): Promise<string> {
  const run = await openRun(makeParent(), makeOpening());
  const rows = Object.groupBy(outcomes, ({ task, arm }) => `outcomes/${task}.${arm}.jsonl`);
  await run.appendChunk("all", rows as Record<string, Outcome[]>);
  if (isSealed) await run.seal(results);
  await run.close();
  return run.folder;
}

export function pageOf(
  change: Partial<StudyResults> = {},
  audioFolder: string | null = null,
): string {
  return new StudyReport(sourceOf(change, audioFolder)).html;
}

/** What a reader sees, without tags. */
export function textOf(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

/** The cells of the first table, row by row. */
export function firstTable(page: string): string[][] {
  const [table = ""] = /<table[\s\S]*?<\/table>/.exec(page) ?? [];
  const rows = table.match(/<tr>[\s\S]*?<\/tr>/g) ?? [];
  return rows.map((row) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(
      // Without the spaces that only align.
      ([, cell = ""]) => cell.replaceAll("\u2007", "").replaceAll("\u00a0", " "),
    ),
  );
}
