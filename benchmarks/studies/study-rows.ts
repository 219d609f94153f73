/** What a study found, as rows of a record. */
import type { RecordRow } from "grym-synth";
import type { StudyResults } from "grym-synth/compare";

/** Shares, not hundredths. */
const rounded = (value: number | undefined): number | null =>
  value === undefined ? null : Number(value.toFixed(4));

/** What each arm reached in each task. */
export function scoreRows({ name, tasks, arms }: StudyResults): RecordRow[] {
  return tasks.flatMap(({ task, metric, arms: tested }) =>
    tested.map(({ arm, value, interval, reason, counts }) => ({
      study: name,
      task,
      arm,
      baseline: arms.find(({ id }) => id === arm)?.baseline ?? null,
      metric,
      score: rounded(value),
      low: rounded(interval?.low),
      high: rounded(interval?.high),
      failed: counts.failed,
      unmapped: counts.unmapped,
      reason,
    })),
  );
}

/** What was declared, and every difference between two arms that are no baselines. */
export function verdictRows({ name, verdicts, arms }: StudyResults): RecordRow[] {
  const asked = new Set(arms.filter(({ baseline }) => baseline === null).map(({ id }) => id));
  return verdicts
    .filter(({ family, a, b }) => family === "primary" || (asked.has(a) && asked.has(b)))
    .map((it) => ({
      study: name,
      task: it.task,
      arm: it.a,
      against: it.b,
      metric: it.metric,
      family: it.family,
      difference: rounded(it.difference),
      low: rounded(it.interval?.low),
      high: rounded(it.interval?.high),
      p: it.pAdjusted,
      test: it.test,
      verdict: it.word,
      reason: it.reason,
    }));
}

/** Times and bytes of one arm over another. */
export function costRows({ name, cost }: StudyResults): RecordRow[] {
  return (cost ?? []).map((it) => ({
    study: name,
    cost: it.metric,
    arm: it.a,
    against: it.b,
    ratio: rounded(it.ratio),
    low: rounded(it.interval?.low),
    high: rounded(it.interval?.high),
    floor: it.floor === null ? null : rounded(it.floor),
    median: rounded(it.medianA),
    median_against: rounded(it.medianB),
    units: it.units,
    unit: it.unit,
    verdict: it.word,
  }));
}
