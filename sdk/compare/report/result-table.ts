import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { ArmResult, StudyResults, TaskArm, TaskResult } from "../results-types.ts";
import { isExposed, referenceArm, verdictOf } from "./pairs.ts";
import { note, scrolling, stack } from "./pieces.ts";
import { between, signedPoints } from "./words.ts";

const MARK = "†";

/** The one table: each arm's score, and its difference to the arm that it is held against. */
export function resultTable(results: StudyResults): Html {
  const rows = results.tasks.flatMap((task) => task.arms.map((arm) => toRow(results, task, arm)));
  return stack([scrolling(table(rows, { digits: 1, limit: 1000 })), note(legend(results))]);
}

function toRow(results: StudyResults, task: TaskResult, tested: TaskArm): Record<string, unknown> {
  const reference = referenceArm(results, task.task);
  const pair = { a: tested.arm, b: reference ?? "", task: task.task };
  const seen = tested.arm === reference ? null : verdictOf(results, pair, task.metric);
  const interval = `${100 * results.level} % interval`;
  return {
    task: task.task,
    arm: armName(results.arms, tested.arm),
    metric: task.metric,
    score: 100 * tested.value,
    [interval]: tested.interval === null ? `none: ${tested.reason}` : between(tested.interval),
    against: tested.arm === reference ? "" : (reference ?? ""),
    "Δ, points": seen === null ? "" : signedPoints(seen.difference),
    "interval of Δ":
      seen === null
        ? ""
        : seen.interval === null
          ? `none: ${seen.verdict.reason ?? "not computed"}`
          : between(seen.interval, signedPoints),
    verdict: seen === null ? "" : wordOf(seen.word, seen.verdict.family),
  };
}

function wordOf(word: string, family: "primary" | "exploratory"): string {
  return family === "primary" ? word : `${word} (explored)`;
}

function armName(arms: readonly ArmResult[], id: string): string {
  const arm = arms.find((each) => each.id === id);
  if (arm === undefined) return id;
  return `${id}${isExposed(arm) ? ` ${MARK}` : ""}${arm.baseline === null ? "" : " (baseline)"}`;
}

function legend({ arms, level, tasks }: StudyResults): string {
  const exposed = arms.filter(isExposed);
  const lower = tasks.filter(({ lowerIsBetter }) => lowerIsBetter).map(({ metric }) => metric);
  return [
    `Scores in hundredths; intervals at ${100 * level} % over sources.`,
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
