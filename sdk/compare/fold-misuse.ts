/** Folds and splits that are not those of the data set's authors. */
import type { Dataset, ManifestRow } from "./dataset-types.ts";
import type { FoldPlan } from "./plan-folds.ts";
import type { LeakageFinding } from "./results-types.ts";

/** Two clips that the authors keep together and the plan does not, or the other way round. */
export function findMisuse(
  { name, rows, protocol }: Pick<Dataset, "name" | "rows" | "protocol">,
  plan: FoldPlan,
): LeakageFinding | undefined {
  if (protocol.kind === "free") return undefined;
  const rule = `${name} comes with its ${protocol.kind}: ${protocol.rule} (${protocol.citation})`;
  const misuse = (clips: readonly string[], what: string): LeakageFinding => {
    return { kind: "fold misuse", clips, note: `${what}, but ${rule}`, resolved: false };
  };
  if (plan.kind !== protocol.kind) {
    return misuse([], plan.kind === "drawn" ? "folds are drawn" : `it is cut into ${plan.kind}`);
  }
  const theirs = rows.map((row) => (plan.kind === "folds" ? row.fold : row.split));
  const ours: readonly unknown[] = plan.kind === "folds" ? plan.fold : plan.split;
  const moved = plan.kind === "splits" ? rows.find((_, at) => ours[at] !== theirs[at]) : undefined;
  if (moved !== undefined) return misuse([moved.id], "a clip is in another part");
  // Folds may be numbered otherwise, as long as they hold the same clips.
  return (
    findDivided(rows, theirs, ours, (clips) => misuse(clips, "clips of one fold are put apart")) ??
    findDivided(rows, ours, theirs, (clips) => misuse(clips, "clips of two folds are put together"))
  );
}

/** The first two rows that have one value of `by` and two of `values`. */
function findDivided<Found>(
  rows: readonly ManifestRow[],
  by: readonly unknown[],
  values: readonly unknown[],
  found: (clips: readonly string[]) => Found,
): Found | undefined {
  const firsts = new Map<unknown, number>();
  for (const [at, { id }] of rows.entries()) {
    const first = firsts.get(by[at]) ?? at;
    if (values[first] !== values[at]) return found([rows[first]?.id ?? "", id]);
    firsts.set(by[at], first);
  }
  return undefined;
}
