/** The blocks of a report in their order: two sentences, a table, and what unfolds below. */
import { type Html, html } from "../../display/html.ts";
import { baselines } from "./baselines.ts";
import { bibliography } from "./bibliography.ts";
import { classDifferences } from "./class-differences.ts";
import { confusionPairs } from "./confusion-pairs.ts";
import { costQuality } from "./cost-quality.ts";
import { decidingClips } from "./deciding-clips.ts";
import { fairnessLine, fairnessTable } from "./fairness-table.ts";
import { forestPlot } from "./forest-plot.ts";
import { headline } from "./headline.ts";
import { leakageFindings } from "./leakage-findings.ts";
import { methods } from "./methods.ts";
import { otherFolds } from "./other-folds.ts";
import { note, stack } from "./pieces.ts";
import { powerCard } from "./power-card.ts";
import type { ReportSource } from "./report-source.ts";
import { resultTable } from "./result-table.ts";
import { verdictTable } from "./verdict-table.ts";
import { count } from "./words.ts";

/** Of a whole report; mail servers and reviewers' forms take that much. */
const MOST_BYTES = 3_000_000;
/** Kept free for what a page puts around the blocks. */
const SPARE_BYTES = 20_000;

/** Everything between title and end. */
export function reportBlocks(source: ReportSource): Html {
  const { results } = source;
  const first = stack([note(dateline(source)), headline(results), resultTable(results)]);
  const before = [
    section("Fairness of the arms", fairnessTable(results)),
    section("Differences", forestPlot(results)),
    section("Other folds", otherFolds(results)),
    section("Baselines", baselines(results)),
    section("Classes", classDifferences(results)),
    section("Confusions", confusionPairs(results)),
    section("Cost and quality", costQuality(results)),
    section("What could be seen", powerCard(results)),
  ];
  const after = [
    section("Leakage", leakageFindings(results)),
    section("Verdicts and tests", verdictTable(results)),
    section("Methods", methods(source)),
    section("BibTeX", bibliography(source)),
  ];
  const rest = stack([first, ...before, ...after]);
  const room = MOST_BYTES - SPARE_BYTES - Buffer.byteLength(rest.source);
  const clips = section("Clips that decided", decidingClips(source, room));
  return stack([first, ...before, clips, ...after]);
}

function dateline({ results }: ReportSource): string {
  const { clips, sources, name } = results.data;
  return `${name}: ${count(clips, "clip")}, ${count(sources, "source")}. ${fairnessLine(results)}.`;
}

function section(title: string, block: Html | null): Html | null {
  if (block === null) return null;
  return html`<details style="margin:0.5em 0;"><summary style="font-weight:600;cursor:pointer;padding:0.25em 0;">${title}</summary>${block}</details>`;
}
