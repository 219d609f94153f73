import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { StudyResults } from "../results-types.ts";
import { scrolling } from "./pieces.ts";
import { count, listed } from "./words.ts";

/** What the arms had in common, and where not. */
export function fairnessTable({ fairness, arms }: StudyResults): Html | null {
  if (fairness.length === 0) return null;
  const rows = fairness.map(({ what, ok, byArm, note }) => ({
    condition: what,
    holds: ok === null ? "" : ok ? "✓" : "✗",
    ...Object.fromEntries(arms.map(({ id }) => [id, byArm[id] ?? ""])),
    ...(fairness.some((row) => row.note !== null) ? { note: note ?? "" } : {}),
  }));
  return scrolling(table(rows, { limit: 1000 }));
}

/** One line, for the top of the page. */
export function fairnessLine({ fairness }: StudyResults): string {
  const checked = fairness.filter(({ ok }) => ok !== null);
  if (checked.length === 0) return "Fairness of the arms was not checked";
  const broken = checked.filter(({ ok }) => ok === false).map(({ what }) => what);
  if (broken.length === 0)
    return `Fairness: ${count(checked.length, "condition")} checked, all hold`;
  return `Fairness: ${broken.length} of ${count(checked.length, "condition")} broken (${listed(broken)})`;
}
