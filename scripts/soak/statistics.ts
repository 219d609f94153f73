/** Do the statistics keep their levels, cover, and find what the power card promises? */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type RecordRow, type Target, writeRecord } from "../../sdk/index.ts";
import type { PartOutcome } from "./bridge-faults.ts";

const FILES = ["test_statistics.py", "test_statistics_simulations.py"];

/** The long form of the simulations; their rates are the record `statistics`. */
export async function statisticsRates(python: string, root: string): Promise<PartOutcome> {
  const options = ["-q", "-s", "-c", "python/pyproject.toml", "--rootdir", "python"];
  const files = FILES.map((file) => `python/tests/${file}`);
  const child = spawn(python, ["-m", "pytest", ...options, ...files], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, GRYM_SOAK: "1" },
  });
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const rows: RecordRow[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    console.log(line);
    const row = rateOf(line);
    if (row !== undefined) rows.push(row);
  }
  const code = await closed;
  if (code !== 0) throw new Error(`It ended with code ${code}`);
  await writeRecord("statistics", {
    question: "Do the statistics keep their levels, cover, and find what the power card promises?",
    rows,
    targets: targetsOf(rows),
    notes: [
      "Seeded; python/tests/test_statistics.py and test_statistics_simulations.py with GRYM_SOAK=1.",
      "Rates by clip are shown to fail: they stand for what is printed elsewhere, not for ours.",
    ],
  });
  return { rows: [], targets: [] };
}

/** A line of the tests that is a row: pytest's own dots may stand before it. */
function rateOf(line: string): RecordRow | undefined {
  const start = line.indexOf('{"rate"');
  if (start < 0) return undefined;
  // Written by the `tell` of our own tests: flat, and all numbers finite.
  return JSON.parse(line.slice(start, line.lastIndexOf("}") + 1)) as RecordRow;
}

function targetsOf(rows: readonly RecordRow[]): Target[] {
  const independent = "false alarms, independent clips";
  const clustered = "coverage (jackknife, bootstrap, by_clip) and false alarms, clips in sources";
  const highest = (rate: string, names: readonly string[]): number =>
    Math.max(...numbersOf(rows, rate, names));
  const lowest = (rate: string, names: readonly string[]): number =>
    Math.min(...numbersOf(rows, rate, names));
  const seconds = rows
    .filter(({ rate, metric }) => rate === "seconds" && metric === "accuracy")
    .map(({ value }) => Number(value));
  const off = rows
    .filter(({ rate }) => rate === "power")
    .filter(({ card }) => typeof card === "number")
    .map(({ card, flips }) => Math.abs(Number(card) - Number(flips)));
  return [
    {
      name: "most false alarms at .05, tests of independent clips",
      value: highest(independent, ["mid_p", "exact", "flips_of_scores"]),
      goal: 0.06,
      better: "lower",
    },
    {
      name: "most false alarms at .05, sign flips of clips in sources",
      value: highest(clustered, ["flips"]),
      goal: 0.06,
      better: "lower",
    },
    {
      name: "least coverage at .95, jackknife and bootstrap by source",
      value: lowest(clustered, ["jackknife", "bootstrap"]),
      goal: 0.93,
      better: "higher",
    },
    {
      name: "most coverage at .95, jackknife and bootstrap by source",
      value: highest(clustered, ["jackknife", "bootstrap"]),
      goal: 0.97,
      better: "lower",
    },
    {
      name: "most coverage at .95 by clip, as if independent (it must fail)",
      value: highest(clustered, ["by_clip"]),
      goal: 0.75,
      better: "lower",
    },
    {
      name: "most false alarms at .05, e-process read after every source",
      value: Math.max(
        highest(independent, ["e_process_peeking"]),
        highest(clustered, ["e_process"]),
      ),
      goal: 0.05,
      better: "lower",
    },
    {
      name: "farthest power from that of the card",
      value: Math.max(...off),
      goal: 0.05,
      better: "lower",
    },
    {
      name: "test and interval of an accuracy, 2,000 clips, 400 sources, 10,000 resamples, s",
      value: Math.max(...seconds),
      goal: 5,
      better: "lower",
    },
  ];
}

function numbersOf(rows: readonly RecordRow[], rate: string, names: readonly string[]): number[] {
  return rows
    .filter((row) => row["rate"] === rate)
    .flatMap((row) => names.map((name) => row[name]))
    .filter((value) => typeof value === "number");
}
