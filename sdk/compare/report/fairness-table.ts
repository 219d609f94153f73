import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { FairnessRow, StudyResults } from "../results-types.ts";
import { scrolling } from "./pieces.ts";
import { count, listed } from "./words.ts";

/** What the arms had in common, and where not. */
export function fairnessTable({ fairness, arms }: StudyResults): Html | null {
  if (fairness.length === 0) return null;
  const ids = arms.map(({ id }) => id);
  const rows = fairness.map((row) => ({
    condition: row.what,
    holds: row.ok === null ? "" : row.ok ? "✓" : "✗",
    arms: byValue(row, ids),
    note: row.note ?? "",
  }));
  return scrolling(table(rows, { limit: 1000 }));
}

/** Once what is the same for all; else each value with the arms that have it. */
function byValue({ byArm }: FairnessRow, ids: readonly string[]): string {
  const known = ids.filter((id) => byArm[id] !== undefined);
  const groups = [...Map.groupBy(known, (id) => byArm[id] ?? "")];
  if (groups.length === 1 && known.length === ids.length) return groups[0]?.[0] ?? "";
  return groups.map(([value, members]) => `${listed(members)}: ${value}`).join("; ");
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
