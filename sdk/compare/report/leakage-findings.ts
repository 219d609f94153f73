import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { StudyResults } from "../results-types.ts";
import { paragraph, scrolling } from "./pieces.ts";
import { firstOf } from "./words.ts";

/** The same sound or source on both sides of a split. */
export function leakageFindings({ leakage }: StudyResults): Html {
  if (leakage.length === 0) return paragraph("Nothing was found on both sides of a split.");
  const rows = leakage.map(({ kind, clips, note, resolved }) => ({
    found: kind,
    clips: firstOf(clips),
    note,
    state: resolved ? "resolved" : "marked only",
  }));
  return scrolling(table(rows, { limit: 200 }));
}
