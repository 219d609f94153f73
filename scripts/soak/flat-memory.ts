import type { Target } from "../../sdk/index.ts";

/** The house's meaning of "flat": RSS at most 5 % and 5 MB above the second tenth of a run. */
export function flatMemory(side: string, secondTenthBytes: number, lastTenthBytes: number): Target {
  return {
    name: `${side}: last tenth of RSS over allowed`,
    value: lastTenthBytes / (secondTenthBytes * 1.05 + 5e6),
    goal: 1,
    better: "lower",
  };
}
