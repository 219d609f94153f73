import type { Html } from "../../display/html.ts";
import type { StudyResults } from "../results-types.ts";
import { note, stack } from "./pieces.ts";
import { asSentence, count, listed, significant } from "./words.ts";

/** How cost was measured, what disturbed it, and what could not be. */
export function costRunWords({ cost, costRun }: StudyResults): Html | null {
  const [first] = cost ?? [];
  if (first === undefined || costRun === null) return null;
  const { incarnations, blocks, singles, batch, voids, load, peakSources, noEnergy } = costRun;
  const pairs = (number: number): string =>
    count(number, "pair of fresh processes", "pairs of fresh processes");
  const slot = `${count(singles, "clip")} one by one, then ${count(batch, "clip")} in one call`;
  const how = [
    `Measured in ${pairs(incarnations)}, ${count(blocks, "block")} each, in the order ABBA or BAAB by seed`,
    `in each slot ${slot}`,
    ...(first.noise === null ? [] : [`before that as many of ${first.a} against itself`]),
  ];
  const again = voids.map(
    ({ phase, incarnation, reason }) => `${phase} ${incarnation} (${reason})`,
  );
  return stack([
    note(asSentence(how.join("; "))),
    note(
      [
        `Load of the machine: ${significant(load.least)} to ${significant(load.most)}.`,
        `Peaks of memory: ${listed(peakSources.map((source) => source.replaceAll("_", " ")))}.`,
        ...(noEnergy === null ? [] : [asSentence(`Energy: n/a, ${noEnergy}`)]),
        again.length === 0
          ? "Nothing was disturbed."
          : asSentence(`Disturbed, and measured again as a whole: ${listed(again)}`),
      ].join(" "),
    ),
  ]);
}
