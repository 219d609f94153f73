/** Looking verdicts up, from either arm's side. */
import type { ArmResult, ComparedPair, StudyResults } from "../results-types.ts";
import type { TaskKind } from "../study-types.ts";
import type { Verdict, VerdictWord } from "../verdict-types.ts";

/** A verdict as the first arm sees it. */
export interface SeenVerdict {
  readonly word: VerdictWord | "not better";
  readonly difference: number;
  readonly interval: Verdict["interval"];
  readonly verdict: Verdict;
}

const TURNED: Readonly<Record<VerdictWord, SeenVerdict["word"]>> = {
  better: "worse",
  worse: "better",
  equivalent: "equivalent",
  "not worse": "not better",
  undecided: "undecided",
};

/** What was said of arm `a` against arm `b`; null where they were not compared. */
export function verdictOf(
  results: StudyResults,
  { a, b, task }: ComparedPair,
  metric?: string,
): SeenVerdict | null {
  const fits = (it: Verdict): boolean =>
    it.task === task && (metric === undefined || it.metric === metric);
  const straight = results.verdicts.find((it) => it.a === a && it.b === b && fits(it));
  if (straight !== undefined) return { ...straight, verdict: straight };
  const turned = results.verdicts.find((it) => it.a === b && it.b === a && fits(it));
  if (turned === undefined) return null;
  const { interval } = turned;
  return {
    word: TURNED[turned.word],
    difference: -turned.difference,
    interval: interval && { ...interval, low: -interval.high, high: -interval.low },
    verdict: turned,
  };
}

/** What arm `a` costs over arm `b` in a metric, whatever its unit; null where it was not measured. */
export function costOf(
  { cost }: Pick<StudyResults, "cost">,
  { a, b }: Pick<ComparedPair, "a" | "b">,
  metric: string,
): { readonly ratio: number; readonly isDecided: boolean } | null {
  for (const it of cost ?? []) {
    if (!it.metric.startsWith(`${metric} (`)) continue;
    const isDecided = it.word !== "undecided";
    if (it.a === a && it.b === b) return { ratio: it.ratio, isDecided };
    if (it.a === b && it.b === a) return { ratio: 1 / it.ratio, isDecided };
  }
  return null;
}

/** The arm that differences in a task are taken against: `b` of its first verdict. */
export function referenceArm(results: StudyResults, task: TaskKind): string | null {
  return results.verdicts.find((it) => it.task === task)?.b ?? null;
}

/** Whether an arm saw the labels or the corpus of the clips that it is tested on. */
export function isExposed({ exposure }: ArmResult): boolean {
  return exposure.kind === "labels of these classes" || exposure.kind === "same corpus";
}

/** The pairs of a list, each once, in its order. */
export function pairsOf(rows: readonly ComparedPair[]): ComparedPair[] {
  const pairs = new Map(
    rows.map(({ a, b, task }) => [JSON.stringify([a, b, task]), { a, b, task }]),
  );
  return [...pairs.values()];
}

export function isPair(one: ComparedPair, other: ComparedPair): boolean {
  return one.a === other.a && one.b === other.b && one.task === other.task;
}

/** `gama-tiny and fbank, linear` */
export function pairTitle({ a, b, task }: ComparedPair): string {
  return `${a} and ${b}, ${task}`;
}
