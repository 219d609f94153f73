import { completeSpec } from "../../display/figure/complete.ts";
import { type Html, trustedHtml } from "../../display/html.ts";
import { renderSvg } from "../../display/svg/render.ts";
import { table } from "../../display/table.ts";
import type { StudyResults, TaskResult } from "../results-types.ts";
import type { CostDrift, CostQuantile, CostVerdict } from "../verdict-types.ts";
import { costRunWords } from "./cost-run.ts";
import { aligned, bullets, heading, note, scrolling, stack } from "./pieces.ts";
import { between, count, noInterval, percent, pText, signedPoints, significant } from "./words.ts";

/** An arm in the plane. */
interface PlacedArm {
  readonly arm: string;
  readonly cost: number;
  readonly quality: TaskResult["arms"][number];
}

/** What a point of quality costs: the plane, the ratios against this machine's noise, and drift. */
export function costQuality(results: StudyResults): Html | null {
  const { cost, tasks } = results;
  if (cost === null || cost.length === 0) return null;
  const [task] = tasks;
  const shown = cost.find(({ unit }) => unit === "block") ?? cost[0];
  const metric = shown?.metric ?? "";
  const axis = `median ${metric}${shown?.word === "undecided" ? ", which is undecided" : ""}`;
  const placed = task === undefined ? [] : placeArms(cost, metric, task);
  return stack([
    task === undefined || placed.length < 2 ? null : plane(placed, axis, task),
    bullets(cost.map(({ sentence }) => sentence)),
    scrolling(table(aligned(cost.map(toRow)), { limit: 200 })),
    costRunWords(results),
    heading("Calls"),
    scrolling(table(aligned(cost.flatMap(callRows)), { limit: 200 })),
    note(
      "Floor: the farthest ratio from 1 that two processes of one arm showed on this machine (A/A). Drift: change from the first call to the last. An upper end that is missing needs more calls.",
    ),
  ]);
}

function placeArms(
  cost: readonly CostVerdict[],
  metric: string,
  { arms }: TaskResult,
): PlacedArm[] {
  const medians = new Map(
    cost
      .filter((it) => it.metric === metric)
      .flatMap((it) => [[it.a, it.medianA] as const, [it.b, it.medianB] as const]),
  );
  return arms.flatMap((quality) => {
    const found = medians.get(quality.arm);
    return found === undefined ? [] : [{ arm: quality.arm, cost: found, quality }];
  });
}

function plane(placed: readonly PlacedArm[], axis: string, task: TaskResult): Html {
  const high = ({ quality }: PlacedArm): number => quality.interval?.high ?? quality.value;
  const low = ({ quality }: PlacedArm): number => quality.interval?.low ?? quality.value;
  const most = Math.max(...placed.map(({ cost }) => cost));
  const spec = completeSpec({
    data: [
      {
        type: "scatter",
        mode: "markers+text",
        x: placed.map(({ cost }) => cost),
        y: placed.map(({ quality }) => 100 * quality.value),
        error_y: {
          array: placed.map((it) => 100 * (high(it) - it.quality.value)),
          arrayminus: placed.map((it) => 100 * (it.quality.value - low(it))),
          symmetric: false,
        },
        text: placed.map(({ arm }) => `  ${arm}`),
        textposition: "middle right",
      },
    ],
    layout: {
      height: 300,
      showlegend: false,
      margin: { t: 14, r: 24, b: 50, l: 10 },
      // Room for the name right of the last point.
      xaxis: { title: axis, range: [0, 1.35 * most] },
      yaxis: { title: `${task.metric}, ${task.task}` },
    },
  });
  const words = placed
    .map(({ arm, cost, quality }) => `${arm}: ${significant(cost)} for ${percent(quality.value)}`)
    .join("; ");
  return scrolling(trustedHtml(renderSvg(spec, words).svg, words));
}

function toRow(it: CostVerdict): Record<string, unknown> {
  return {
    metric: it.metric,
    [`median of ${it.a}`]: significant(it.medianA),
    [`median of ${it.b}`]: significant(it.medianB),
    ratio: significant(it.ratio),
    interval: it.interval === null ? noInterval(it.reason) : between(it.interval, significant),
    floor: it.floor === null ? "unknown" : significant(it.floor),
    "adjusted p": pText(it.pAdjusted),
    word: it.word,
    units: count(it.units, it.unit, it.unit === "process" ? "processes" : undefined),
  };
}

function callRows(it: CostVerdict): Record<string, unknown>[] {
  return [
    callRow(it.a, it.metric, it.quantilesA, it.driftA),
    callRow(it.b, it.metric, it.quantilesB, it.driftB),
  ].filter((row) => row !== null);
}

function callRow(
  arm: string,
  metric: string,
  quantiles: readonly CostQuantile[],
  drift: CostDrift | null,
): Record<string, unknown> | null {
  if (quantiles.length === 0) return null;
  const written = quantiles.map(({ at, value, low, high }) => {
    const end = high === null ? "?" : significant(high);
    return [`p${Math.round(100 * at)}`, `${significant(value)} [${significant(low)}, ${end}]`];
  });
  return {
    metric,
    arm,
    ...Object.fromEntries(written),
    calls: quantiles[0]?.calls,
    "drift, %":
      drift === null ? "–" : `${signedPoints(drift.change)} ${between(drift, signedPoints)}`,
  };
}
