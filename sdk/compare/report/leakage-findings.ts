import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { DuplicateSearch, StudyResults } from "../results-types.ts";
import { paragraph, scrolling, stack } from "./pieces.ts";
import { count, firstOf, listed } from "./words.ts";

/** The same sound or source on both sides of a split, and how it was looked for. */
export function leakageFindings({ leakage, duplicateSearch }: StudyResults): Html {
  const rows = leakage.map(({ kind, clips, note, resolved }) => ({
    found: kind,
    clips: firstOf(clips),
    note,
    state: resolved ? "resolved" : "marked only",
  }));
  const found =
    rows.length === 0
      ? paragraph("Nothing was found on both sides of a split.")
      : scrolling(table(rows, { limit: 200 }));
  return stack([found, paragraph(searchWords(duplicateSearch))]);
}

/** What the search looked at, and what it can be trusted to see. */
function searchWords(search: DuplicateSearch): string {
  const { reason, arms, nearest, planted, plantedFound, candidates, alike } = search;
  const exact = "Exact duplicates were looked for by checksum and by decoded samples";
  if (reason !== null) return `${exact}; near duplicates were not looked for: ${reason}.`;
  const heard = `${count(candidates, "pair")} whose features are near (${listed(arms)}; of each clip the ${nearest} nearest on other sides)`;
  return (
    `${exact}; near duplicates by waveform, among ${heard}: ${alike} of them are two recordings. Of ` +
    `${count(planted, "copy", "copies")} of the study's own clips, planted 6 dB softer, 50 ms shorter, with noise ` +
    `40 dB below and of 16 bits, ${plantedFound} were found. Not found are copies at another speed or pitch, ` +
    "excerpts that begin more than a second apart, and mixtures with other sounds."
  );
}
