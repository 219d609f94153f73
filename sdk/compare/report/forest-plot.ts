import type { Html } from "../../display/html.ts";
import type { StudyResults } from "../results-types.ts";
import { differencePlot } from "./difference-plot.ts";
import { note, stack } from "./pieces.ts";
import { signedPoints } from "./words.ts";

/** All differences with their intervals; those that were declared are filled. */
export function forestPlot({ verdicts, level }: StudyResults): Html | null {
  if (verdicts.length === 0) return null;
  const margins = new Set(verdicts.flatMap(({ margin }) => (margin === null ? [] : [margin])));
  // Metrics may have margins of their own: only one that all share is a band.
  const [margin = null] = margins.size === 1 ? margins : [];
  const missing = verdicts.filter(({ interval }) => interval === null);
  return stack([
    differencePlot(
      verdicts.map((it) => ({
        label: `${it.a} − ${it.b}, ${it.task}`,
        difference: it.difference,
        interval: it.interval,
        isFilled: it.family === "primary",
      })),
      { axis: axisOf(verdicts), margin },
    ),
    note(
      [
        `Intervals at ${100 * level} % over sources. Filled: declared before the run; open: explored.`,
        ...(margin === null
          ? []
          : [`Band: the margin of ±${signedPoints(margin).slice(1)} points.`]),
        ...missingWords(missing, verdicts.length),
      ].join(" "),
    ),
  ]);
}

/** Why there is no interval: once for all that have the same reason. */
function missingWords(missing: StudyResults["verdicts"], all: number): string[] {
  const reasons = Map.groupBy(missing, ({ reason }) => reason ?? "no interval");
  return [...reasons].map(([reason, members]) => {
    const names = members.map(({ a, b, task }) => `${a} − ${b}, ${task}`);
    return `${members.length === all ? "All" : names.join("; ")}: ${reason}.`;
  });
}

/** Which end is whose, where all metrics agree on that. */
function axisOf(verdicts: StudyResults["verdicts"]): string {
  const lower = verdicts.filter(({ lowerIsBetter }) => lowerIsBetter).length;
  const [left, right] = lower === 0 ? ["second", "first"] : ["first", "second"];
  const isMixed = lower > 0 && lower < verdicts.length;
  return isMixed
    ? "difference, points"
    : `← ${left} better · difference, points · ${right} better →`;
}
