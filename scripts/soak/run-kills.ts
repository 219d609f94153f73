/** The long form of kills while a comparison's directory is written. */
import { killRounds } from "../../sdk/test/records/run/kill-rounds.ts";
import type { PartOutcome } from "./bridge-faults.ts";

export async function runKills(kills: number): Promise<PartOutcome> {
  const found = await killRounds(kills, "soak");
  return {
    rows: [{ ...found }],
    targets: [
      {
        name: "chunks lost after their acknowledgement",
        value: found.lost,
        goal: 0,
        better: "lower",
      },
      {
        name: "rows that are not those of the journal",
        value: found.wrong,
        goal: 0,
        better: "lower",
      },
      { name: "runs sealed and verified", value: found.sealed, goal: 1, better: "higher" },
    ],
  };
}
