import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { FoldSpread, StudyResults } from "../results-types.ts";
import { note, scrolling, stack } from "./pieces.ts";
import { signedPoints } from "./words.ts";

/** The declared differences under other draws of the folds, beside the verdict's own. */
export function otherFolds({ spread, verdicts }: StudyResults): Html | null {
  if (spread.length === 0) return null;
  const rows = spread.map((each) => {
    const { a, b, task, metric, others } = each;
    const own = verdicts.find((it) => it.family === "primary" && isOf(it, each));
    const differences = others.map(({ difference }) => difference);
    return {
      pair: `${a} and ${b}`,
      task,
      metric,
      "Δ, points": own === undefined ? "" : signedPoints(own.difference),
      "under other draws": differences.map((each) => signedPoints(each)).join(", "),
      lowest: signedPoints(Math.min(...differences)),
      highest: signedPoints(Math.max(...differences)),
    };
  });
  const said =
    "The verdict and its interval are conditional on the folds that were drawn. The same probes under other " +
    "draws show how much that matters; they share all clips, so that they are not pooled into the interval.";
  return stack([scrolling(table(rows, { limit: 100 })), note(said)]);
}

function isOf(one: Pick<FoldSpread, "a" | "b" | "task" | "metric">, other: FoldSpread): boolean {
  return (
    one.a === other.a && one.b === other.b && one.task === other.task && one.metric === other.metric
  );
}
