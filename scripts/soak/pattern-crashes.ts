/** Does the pattern store lose anything when its process is killed, over and over? */
import type { RecordRow, Target } from "../../sdk/index.ts";
import { crashRounds } from "../../sdk/test/feature-memory/crash-rounds.ts";

/** `kills` processes, one after the other in one store, each killed at a random point. */
export async function patternCrashes(
  kills: number,
): Promise<{ rows: RecordRow[]; targets: Target[] }> {
  const outcome = await crashRounds(kills, "soak");
  const none = (name: string, value: number): Target => ({ name, value, goal: 0, better: "lower" });
  return {
    rows: [{ part: "patterns, kill -9 while storing", ...outcome }],
    targets: [
      none("acknowledged patterns lost", outcome.lost),
      none("patterns there twice", outcome.duplicates),
      { name: "acknowledged patterns", value: outcome.acknowledged, goal: kills, better: "higher" },
    ],
  };
}
