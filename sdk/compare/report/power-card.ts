import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { StudyResults } from "../results-types.ts";
import { aligned, note, paragraph, scrolling, stack } from "./pieces.ts";
import { count, percent } from "./words.ts";

/** What this data set could resolve, worked out before the run. */
export function powerCard({ power }: StudyResults): Html | null {
  if (power === null) return null;
  const { clips, sources, alpha, margin, method, rows, reason } = power;
  const on = `${count(clips, "clip")} from ${count(sources, "source")}`;
  if (reason !== null) return paragraph(`No power card for ${on}: ${reason}.`);
  const written = rows.map((row) => ({
    "clips on which one arm alone is right": `${percent(row.discordance, 0)} %`,
    "likeness within sources": row.correlation.toFixed(2),
    "resolves, points": row.resolves === null ? "nothing" : percent(row.resolves),
    ...(margin === null
      ? {}
      : {
          [`power at ${percent(margin)} points`]:
            row.powerAtMargin === null ? "–" : `${percent(row.powerAtMargin, 0)} %`,
          "sources needed": row.sourcesNeeded ?? "–",
        }),
  }));
  return stack([
    paragraph(
      `With ${on}, differences of these sizes are found in ${percent(power.power, 0)} % of studies at α = ${alpha}.`,
    ),
    scrolling(table(aligned(written))),
    note(`${method}.`),
  ]);
}
