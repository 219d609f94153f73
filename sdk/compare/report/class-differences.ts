import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { ClassDifference, StudyResults } from "../results-types.ts";
import { differencePlot } from "./difference-plot.ts";
import { isPair, pairsOf, pairTitle } from "./pairs.ts";
import { heading, note, scrolling, stack } from "./pieces.ts";
import { endAligned, signedPoints } from "./words.ts";

/** Classes in a picture; a table holds them all. */
const MOST_DRAWN = 60;

/** Where the difference comes from: class by class, those that speak for a first. */
export function classDifferences({ classes }: StudyResults): Html | null {
  if (classes.length === 0) return null;
  return stack(
    pairsOf(classes).map((pair) => {
      const rows = classes
        .filter((row) => isPair(row, pair))
        .toSorted((one, other) => gain(other) - gain(one) || (one.label < other.label ? -1 : 1));
      return stack([
        heading(pairTitle(pair)),
        rows.length <= MOST_DRAWN ? drawn(rows, pair.a, pair.b) : null,
        scrolling(table(toRows(rows), { digits: 1, limit: 1000 })),
        note("Single classes are not tested: with so many, some differ by chance."),
      ]);
    }),
  );
}

function drawn(rows: readonly ClassDifference[], a: string, b: string): Html {
  return differencePlot(
    rows.map((row) => ({
      label: row.label,
      difference: gain(row),
      interval: null,
      isFilled: true,
    })),
    { axis: `← ${b} better · difference, points · ${a} better →` },
  );
}

function gain({ scoreA, scoreB }: ClassDifference): number {
  return scoreA - scoreB;
}

function toRows(rows: readonly ClassDifference[]): Record<string, unknown>[] {
  const gains = endAligned(rows.map((row) => signedPoints(gain(row))));
  return rows.map(({ label, clips, sources, a, b, scoreA, scoreB }, at) => ({
    class: label,
    clips,
    sources,
    [a]: 100 * scoreA,
    [b]: 100 * scoreB,
    "Δ, points": gains[at],
  }));
}
