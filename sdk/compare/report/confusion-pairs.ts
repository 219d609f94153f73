import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { ConfusionWon, StudyResults } from "../results-types.ts";
import { isPair, pairsOf, pairTitle } from "./pairs.ts";
import { heading, scrolling, stack } from "./pieces.ts";

const MOST = 20;

/** Mistakes that one arm makes more often than the other, the largest gaps first. */
export function confusionPairs({ confusions }: StudyResults): Html | null {
  if (confusions.length === 0) return null;
  return stack(
    pairsOf(confusions).map((pair) => {
      const rows = confusions
        .filter((row) => isPair(row, pair))
        .toSorted((one, other) => gap(other) - gap(one));
      return stack([heading(pairTitle(pair)), scrolling(table(rows.slice(0, MOST).map(toRow)))]);
    }),
  );
}

function gap({ mistakesA, mistakesB }: ConfusionWon): number {
  return Math.abs(mistakesA - mistakesB);
}

function toRow({ truth, said, a, b, mistakesA, mistakesB }: ConfusionWon): Record<string, unknown> {
  return {
    truth,
    "taken for": said,
    [`clips, ${a}`]: mistakesA,
    [`clips, ${b}`]: mistakesB,
    "won by": mistakesA < mistakesB ? a : b,
  };
}
