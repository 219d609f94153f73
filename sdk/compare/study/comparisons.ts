/** Which arms are held against which, in which metric, with what was seen of both. */
import type { Comparison, Observed } from "../judge.ts";
import type { Outcome, Task } from "../study-types.ts";
import type { StudyArm } from "./baselines.ts";
import { canDo } from "./can-do.ts";
import { clipValue, isRightOrWrong, outcomesFor } from "./clip-value.ts";
import { metricsOf } from "./metrics.ts";
import type { StoredStudy } from "./stored-study.ts";
import { clipsOf, isAbout } from "./task-clips.ts";

const MEASURES = { "V-measure": "v_measure", AMI: "ami", ARI: "ari" } as const;

/** The declared ones first, in their order; then each task's first metric for all pairs that mean something. */
export function planComparisons(study: StoredStudy): Comparison[] {
  const { tasks, primary, arms } = study.design;
  const declared = primary.flatMap(({ a, b, task: kind, metric, claim, margin }) => {
    const task = tasks.find((each) => each.kind === kind);
    if (task === undefined) return [];
    return { ...compare(study, task, metric, a, b), family: "primary" as const, claim, margin };
  });
  const isDeclared = (a: string, b: string, task: string, metric: string): boolean =>
    primary.some(
      (claim) =>
        claim.task === task &&
        claim.metric === metric &&
        [`${a} ${b}`, `${b} ${a}`].includes(`${claim.a} ${claim.b}`),
    );
  const explored = tasks.flatMap((task) => {
    const [metric = ""] = metricsOf(task);
    return pairsOf(arms.filter((arm) => canDo(arm, task)))
      .filter(([a, b]) => !isDeclared(a, b, task.kind, metric))
      .map(([a, b]) => compare(study, task, metric, a, b));
  });
  return [...declared, ...explored];
}

/** Arms among each other, and each against mel statistics and its own twin, untrained. */
function pairsOf(arms: readonly StudyArm[]): [a: string, b: string][] {
  return arms.flatMap((a, index) =>
    a.baseline !== null
      ? []
      : arms.flatMap((b, other): [string, string][] => {
          if (b.baseline === null) return other > index ? [[a.id, b.id]] : [];
          return b.baseline === "random weights" && isOthers(b, a, arms) ? [] : [[a.id, b.id]];
        }),
  );
}

/** Two arms that are read alike have one twin; one that was asked for is everybody's of its model. */
function isOthers({ model, twinOf }: StudyArm, arm: StudyArm, arms: readonly StudyArm[]): boolean {
  const trained = arms.find(({ id }) => id === twinOf);
  if (model !== arm.model || trained === undefined) return model !== arm.model;
  return JSON.stringify(trained.reads) !== JSON.stringify(arm.reads);
}

function compare(study: StoredStudy, task: Task, metric: string, a: string, b: string): Comparison {
  const of = (arm: string): readonly Outcome[] =>
    outcomesFor(task, metric, study.outcomes(task.kind, arm));
  const pairs = pairUp(task, a, b, of(a), of(b));
  const names = { a, b, task: task.kind, metric };
  const { design, schedule, clips } = study;
  if (design.stopping === "fixed") return { ...names, ...seen(task, metric, pairs) };
  const place = new Map(schedule.order.map((source, at) => [source, at]));
  const placeOf = ([{ cluster }]: Pair): number => place.get(cluster) ?? 0;
  const inOrder = pairs.toSorted((one, other) => placeOf(one) - placeOf(other));
  const asked = clipsOf(task, clips).filter((clip) => isAbout(metric, clip));
  const sizes = [...Map.groupBy(asked, ({ clusterId }) => clusterId).values()];
  const largest = Math.max(...sizes.map(({ length }) => length));
  const anytime = { largest, rightOrWrong: isRightOrWrong(task, metric) };
  return { ...names, ...seen(task, metric, inOrder), anytime };
}

/** Two arms by their outcomes, whoever has them. */
export function comparePairs(
  task: Task,
  metric: string,
  a: string,
  b: string,
  ofA: readonly Outcome[],
  ofB: readonly Outcome[],
): Comparison {
  return { a, b, task: task.kind, metric, ...seen(task, metric, pairUp(task, a, b, ofA, ofB)) };
}

/** What two arms did with one clip. */
type Pair = readonly [a: Outcome, b: Outcome];

function pairUp(
  { kind }: Task,
  a: string,
  b: string,
  ofA: readonly Outcome[],
  ofB: readonly Outcome[],
): Pair[] {
  const byClip = new Map(ofB.map((outcome) => [outcome.clip, outcome]));
  const pairs = ofA.flatMap((outcome): Pair[] => {
    const other = byClip.get(outcome.clip);
    return other === undefined ? [] : [[outcome, other]];
  });
  if (pairs.length !== ofA.length || pairs.length !== byClip.size) {
    throw new TypeError(`${a} and ${b} were not judged on the same clips in ${kind}`);
  }
  return pairs;
}

function seen(
  task: Task,
  metric: string,
  pairs: readonly Pair[],
): Pick<Comparison, "groups" | "observed"> {
  const groups = pairs.map(([outcome]) => outcome.cluster);
  return { groups, observed: observe(task, metric, pairs) };
}

function observe({ kind }: Task, metric: string, pairs: readonly Pair[]): Observed {
  const both = <T>(value: (outcome: Outcome) => T): { a: T[]; b: T[] } => ({
    a: pairs.map(([a]) => value(a)),
    b: pairs.map(([, b]) => value(b)),
  });
  const labels = pairs.map(([{ truth }]) => String(truth));
  if (metric === "macro-F1") {
    return { kind: "answers", truth: labels, ...both(({ said }) => said ?? "") };
  }
  if (kind === "clustering") {
    // Clips that failed stand together, in a cluster of their own.
    const clusters = both(({ said }) => (said === null ? -1 : Number(said)));
    const measure = MEASURES[metric as keyof typeof MEASURES]; // `design.ts` refuses other names
    return { kind: "clusters", labels, ...clusters, measure };
  }
  if (kind === "tags") return observeTags(pairs);
  return { kind: "clips", ...both((outcome) => clipValue(metric, outcome)) };
}

function observeTags(pairs: readonly Pair[]): Observed {
  const truths = pairs.map(([{ truth }]) => (Array.isArray(truth) ? truth.map(String) : []));
  const known = pairs.flatMap((pair) =>
    pair.flatMap(({ detail }) => Object.keys(detail?.scores ?? {})),
  );
  const names = [...new Set(known)].sort();
  const table = (of: (pair: Pair) => Outcome): Float64Array => {
    const rows = pairs.map((pair) => of(pair).detail?.scores);
    const all = rows.flatMap((row) => Object.values(row ?? {}));
    const below = all.reduce((least, value) => Math.min(least, value), 0) - 1; // of a clip that failed
    return Float64Array.from(rows.flatMap((row) => names.map((name) => row?.[name] ?? below)));
  };
  return {
    kind: "tags",
    tags: Uint8Array.from(truths.flatMap((own) => names.map((name) => Number(own.includes(name))))),
    a: table(([a]) => a),
    b: table(([, b]) => b),
    shape: [pairs.length, names.length],
  };
}
