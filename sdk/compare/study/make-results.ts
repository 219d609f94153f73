/** `results.json`, made from the files of a run and nothing else: so it can be made again. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { Interval } from "../../bridge/protocol.gen.ts";
import { judge } from "../judge.ts";
import { pairedDifference } from "../paired-difference.ts";
import { powerCard } from "../power-card.ts";
import {
  type ArmResult,
  type FoldSettings,
  RESULTS_SCHEMA,
  type ResultsData,
  type Stopping,
  type StudyResults,
  type TaskArm,
  type TaskResult,
} from "../results-types.ts";
import type { Outcome, Task } from "../study-types.ts";
import type { PowerCard, Verdict } from "../verdict-types.ts";
import type { StudyArm } from "./baselines.ts";
import { canDo } from "./can-do.ts";
import { clipValue, isMean } from "./clip-value.ts";
import { planComparisons } from "./comparisons.ts";
import { judgeStoredCost } from "./cost/cost-results.ts";
import { detailPair } from "./deciding.ts";
import { noSearch } from "./duplicate-search.ts";
import { checkFairness, describeReading } from "./fairness.ts";
import { readFoldSpread } from "./fold-spread.ts";
import { listLeaks } from "./leaks.ts";
import { listLeftOut } from "./left-out.ts";
import { metricsOf } from "./metrics.ts";
import { readStudy, type StoredStudy } from "./stored-study.ts";
import { streamSeed } from "./stream-seed.ts";
import { mean } from "./sums.ts";

/** How results are made. */
export interface ResultsOptions extends CallOptions {
  /** Told what each comparison took: it differs from time to time, and is no part of the results. */
  readonly onJudged?: ((times: readonly JudgedTime[]) => void) | undefined;
}

/** Seconds of one comparison; a line of the journal has all of them. */
export interface JudgedTime extends Pick<Verdict, "a" | "b" | "task" | "metric"> {
  readonly seconds: number;
}

/** @throws RunError `run_damaged`: a file is not what the seal or the journal says */
export async function makeResults(
  folder: string,
  bridge: GAMABridge,
  { signal, onProgress, onJudged }: ResultsOptions,
): Promise<StudyResults> {
  const study = await readStudy(folder);
  const { name, question, level, alpha, seed, tasks, primary } = study.design;
  const options = { bridge, signal, onProgress, level, alpha, seed: streamSeed(seed, "judge") };
  const comparisons = planComparisons(study);
  const { verdicts, seconds } = await judge(comparisons, options);
  onJudged?.(
    comparisons.map(({ a, b, task, metric }, at) => {
      return { a, b, task, metric, seconds: seconds[at] ?? 0 };
    }),
  );
  const found: TaskResult[] = [];
  for (const task of tasks)
    found.push(await toTaskResult(study, task, verdicts, { bridge, signal }));
  const details = primary.map((pair) => detailPair(study, pair));
  return {
    schema: RESULTS_SCHEMA,
    name,
    question,
    level,
    alpha,
    seed,
    data: toData(study),
    arms: study.design.arms.map((arm) => toArm(study, arm)),
    tasks: found,
    verdicts,
    spread: await readFoldSpread(study, bridge, { signal }),
    fairness: checkFairness(study),
    leakage: listLeaks(study),
    duplicateSearch: study.duplicates?.search ?? noSearch("the run ended before"),
    classes: details.flatMap(({ classes }) => classes),
    confusions: details.flatMap(({ confusions }) => confusions),
    deciding: details.flatMap(({ deciding }) => deciding),
    power: await toPower(study, { bridge, signal }),
    stopping: toStopping(study),
    ...(await judgeStoredCost(study, { bridge, signal })),
  };
}

function toStopping({ design, schedule, stopped }: StoredStudy): Stopping {
  const of = schedule.order.length;
  return { rule: design.stopping, sources: stopped?.sources ?? of, of };
}

function toData(study: StoredStudy): ResultsData {
  const { data, clips } = study;
  const { name, licence, citation, clusterBy, root, protocol } = data;
  const excluded = listLeftOut(study);
  const sources = new Set(clips.map(({ clusterId }) => clusterId)).size;
  const counts = { clips: clips.length, sources };
  return { name, licence, citation, ...counts, clusterBy, root, rule: protocol.rule, excluded };
}

function toArm({ arms }: StoredStudy, { id, model, baseline, exposure }: StudyArm): ArmResult {
  const recorded = arms[id];
  if (recorded === undefined) throw new TypeError(`arms.json has no ${id}`);
  const { licence, citation, source } = recorded.card;
  return {
    id,
    model,
    reads: describeReading(recorded),
    dtype: recorded.dtype,
    exposure: exposure ?? recorded.exposure,
    baseline,
    licence,
    citation,
    card: source,
  };
}

async function toTaskResult(
  study: StoredStudy,
  task: Task,
  verdicts: readonly Verdict[],
  options: { readonly bridge: GAMABridge; readonly signal: AbortSignal | undefined },
): Promise<TaskResult> {
  const { design, schedule } = study;
  const [metric = ""] = metricsOf(task);
  const isHeldOut = !["zero-shot", "questions", "retrieval", "clustering"].includes(task.kind);
  const folds = isHeldOut ? schedule.folds : null;
  const arms: TaskArm[] = [];
  for (const { id } of design.arms.filter((arm) => canDo(arm, task))) {
    const outcomes = study.outcomes(task.kind, id);
    const note = study.note(task.kind, id);
    const value = isMean(task, metric)
      ? await meanBySource(outcomes, metric, design.level, options)
      : fromVerdicts(verdicts, task, metric, id);
    const mayStop = design.stopping === "anytime";
    const counts = { ok: 0, failed: 0, unmapped: 0, other: 0 };
    for (const { status } of outcomes) counts[status] += 1;
    const { parameters = null, chosen = [] } = note ?? {};
    arms.push({
      arm: id,
      ...(mayStop ? { ...value, ...NO_INTERVAL } : value),
      foldMean: isMean(task, metric) && hasOwnFolds(folds) ? meanOfFolds(outcomes, metric) : null,
      counts,
      trainableParameters: parameters,
      chosen,
    });
  }
  return { task: task.kind, metric, lowerIsBetter: false, folds, arms };
}

function hasOwnFolds(folds: FoldSettings | null): boolean {
  return folds !== null && folds.by === "official" && folds.count > 1;
}

function meanOfFolds(outcomes: readonly Outcome[], metric: string): number {
  const folds = [...Map.groupBy(outcomes, ({ fold }) => fold).values()];
  return mean(folds.map((members) => mean(members.map((each) => clipValue(metric, each)))));
}

const NO_INTERVAL = {
  interval: null,
  reason:
    "the run might be stopped after any source: only differences have an interval that allows for it",
} as const;

type Value = Pick<TaskArm, "value" | "interval" | "reason">;

/** The interval of a difference from nothing: the same jackknife by source. */
async function meanBySource(
  outcomes: readonly Outcome[],
  metric: string,
  level: number,
  options: { readonly bridge: GAMABridge; readonly signal: AbortSignal | undefined },
): Promise<Value> {
  const a = outcomes.map((outcome) => clipValue(metric, outcome));
  const groups = outcomes.map(({ cluster }) => cluster);
  const paired = { a, b: a.map(() => 0), groups, level, permutations: 1 };
  const { meanA, interval, reason } = await pairedDifference(paired, options);
  const isProportion = a.every((value) => value === 0 || value === 1);
  return {
    value: meanA,
    interval: interval && isProportion ? withinOne(interval) : interval,
    reason,
  };
}

/** A proportion ends at 0 and at 1; a difference, as which it was asked for, does not. */
function withinOne(interval: Interval): Interval {
  return { ...interval, low: Math.max(0, interval.low), high: Math.min(1, interval.high) };
}

function fromVerdicts(
  verdicts: readonly Verdict[],
  task: Task,
  metric: string,
  arm: string,
): Value {
  const found = verdicts.find(
    ({ task: kind, metric: of, a, b }) =>
      kind === task.kind && of === metric && (a === arm || b === arm),
  );
  if (found === undefined) throw new TypeError(`${arm} was compared with nothing in ${task.kind}`);
  const reason = `${metric} is computed over all clips: its differences have intervals`;
  return { value: found.a === arm ? found.scoreA : found.scoreB, interval: null, reason };
}

/** For right and wrong on these sources, before anything is measured. */
async function toPower(
  { clips, design }: StoredStudy,
  options: { readonly bridge: GAMABridge; readonly signal: AbortSignal | undefined },
): Promise<PowerCard> {
  const sizes = [...Map.groupBy(clips, ({ clusterId }) => clusterId).values()].map(
    (members) => members.length,
  );
  const margin = design.primary.find((claim) => claim.margin !== undefined)?.margin;
  const card = await powerCard({ sizes, margin, alpha: design.alpha }, options);
  const { clips: count, sources, alpha, power, rows, method, reason } = card;
  return { clips: count, sources, alpha, power, margin: card.margin, rows, method, reason };
}
