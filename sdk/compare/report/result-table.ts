import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { ArmResult, StudyResults, TaskArm, TaskResult } from "../results-types.ts";
import { costOf, isExposed, referenceArm, type SeenVerdict, verdictOf } from "./pairs.ts";
import { note, scrolling, stack } from "./pieces.ts";
import { alignedIntervals, endAligned, noInterval, signedPoints, significant } from "./words.ts";

const MARK = "†";
/** Columns of the table, and the metric of each. */
const COSTS = [
  ["latency ×", "per-clip latency"],
  ["peak ×", "peak memory"],
] as const;

/** An arm in a task, and what was said of it against the reference. */
interface Row {
  readonly task: TaskResult;
  readonly tested: TaskArm;
  readonly against: string;
  readonly seen: SeenVerdict | null;
}

/** The one table: each arm's score, and its difference to the arm that it is held against. */
export function resultTable(results: StudyResults): Html {
  const rows = results.tasks.flatMap((task) => task.arms.map((arm) => toRow(results, task, arm)));
  const intervals = rows.map(({ tested }) => tested.interval ?? noInterval(tested.reason));
  const differences = rows.map(({ seen }) => seen && signedPoints(seen.difference));
  const between = rows.map(({ seen }) =>
    seen === null ? "" : (seen.interval ?? noInterval(seen.verdict.reason)),
  );
  const columns = {
    interval: alignedIntervals(intervals),
    difference: endAligned(differences.map((text) => text ?? "")),
    between: alignedIntervals(between, signedPoints),
  };
  const costs = COSTS.flatMap(([name, metric]): [string, string[]][] => {
    const cells = rows.map(({ tested, against }) =>
      timesOf(results, { a: tested.arm, b: against }, metric),
    );
    return cells.some((cell) => cell !== "") ? [[name, endAligned(cells)]] : [];
  });
  const written = rows.map(({ task, tested, against, seen }, at) => ({
    task: task.task,
    arm: armName(results.arms, tested.arm),
    metric: task.metric,
    score: 100 * tested.value,
    [`${100 * results.level} % interval`]: columns.interval[at],
    against,
    "Δ, points": columns.difference[at],
    "interval of Δ": columns.between[at],
    verdict: seen === null ? "" : wordOf(seen.word, seen.verdict.family),
    ...Object.fromEntries(costs.map(([name, cells]) => [name, cells[at]])),
  }));
  return stack([scrolling(table(written, { digits: 1, limit: 1000 })), note(legend(results))]);
}

/** `2.31`; in brackets where the machine's noise may be all of it. */
function timesOf(
  results: StudyResults,
  pair: { readonly a: string; readonly b: string },
  metric: string,
): string {
  const found = costOf(results, pair, metric);
  if (found === null) return "";
  const size = significant(found.ratio);
  return found.isDecided ? size : `(${size})`;
}

function toRow(results: StudyResults, task: TaskResult, tested: TaskArm): Row {
  const reference = referenceArm(results, task.task);
  if (reference === null || tested.arm === reference) {
    return { task, tested, against: "", seen: null };
  }
  const pair = { a: tested.arm, b: reference, task: task.task };
  const seen = verdictOf(results, pair, task.metric);
  return { task, tested, against: seen === null ? "" : reference, seen };
}

function wordOf(word: string, family: "primary" | "exploratory"): string {
  return family === "primary" ? word : `${word} (explored)`;
}

function armName(arms: readonly ArmResult[], id: string): string {
  const arm = arms.find((each) => each.id === id);
  if (arm === undefined) return id;
  return `${id}${isExposed(arm) ? ` ${MARK}` : ""}${arm.baseline === null ? "" : " (baseline)"}`;
}

function legend({ arms, level, tasks, cost }: StudyResults): string {
  const exposed = arms.filter(isExposed);
  const lower = tasks.filter(({ lowerIsBetter }) => lowerIsBetter).map(({ metric }) => metric);
  return [
    `Scores in hundredths; intervals at ${100 * level} % over sources.`,
    ...(cost === null
      ? []
      : ["Costs as multiples of those of the other arm, in brackets where they are undecided."]),
    ...(lower.length > 0 ? [`Lower is better: ${[...new Set(lower)].join(", ")}.`] : []),
    ...(exposed.length > 0
      ? [
          `${MARK} Its training shares data with the clips: ${exposed
            .map(({ id, exposure }) => `${id} saw ${exposure.kind} (${exposure.source})`)
            .join("; ")}.`,
        ]
      : []),
  ].join(" ");
}
