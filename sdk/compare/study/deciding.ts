/** Where two arms differ: by class, by mistake, by clip. */
import type {
  ClassDifference,
  ComparedPair,
  ConfusionWon,
  DecidingClip,
} from "../results-types.ts";
import type { Outcome } from "../study-types.ts";
import type { StoredStudy } from "./stored-study.ts";
import { mean } from "./sums.ts";

/** What is told of a pair. */
export interface PairDetails {
  readonly classes: readonly ClassDifference[];
  readonly confusions: readonly ConfusionWon[];
  readonly deciding: readonly DecidingClip[];
}

/** Of one pair of arms, in the order of labels and of the manifest. */
export function detailPair(study: StoredStudy, pair: ComparedPair): PairDetails {
  const { a, b, task } = pair;
  const names = { a, b, task };
  const ofB = new Map(study.outcomes(task, b).map((outcome) => [outcome.clip, outcome]));
  const both = study.outcomes(task, a).flatMap((inA) => {
    const inB = ofB.get(inA.clip);
    return inB === undefined ? [] : { inA, inB, truth: String(inA.truth) };
  });
  const classes = [...Map.groupBy(both, ({ truth }) => truth)]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([label, members]) => ({
      ...names,
      label,
      clips: members.length,
      sources: new Set(members.map(({ inA }) => inA.cluster)).size,
      scoreA: mean(members.map(({ inA }) => inA.score)),
      scoreB: mean(members.map(({ inB }) => inB.score)),
    }));
  const paths = new Map(study.clips.map(({ id, path }) => [id, path]));
  const deciding = both
    .filter(({ inA, inB }) => inA.score !== inB.score)
    .map(({ inA, inB, truth }) => ({
      ...names,
      clip: inA.clip,
      source: inA.cluster,
      truth,
      saidA: inA.said,
      saidB: inB.said,
      scoreA: inA.score,
      scoreB: inB.score,
      path: paths.get(inA.clip) ?? "",
    }));
  const saysLabels = !["clustering", "tags", "questions"].includes(task);
  return { classes, confusions: saysLabels ? countConfusions(names, both) : [], deciding };
}

/** Mistakes that the arms do not make equally often, the largest differences first. */
function countConfusions(
  names: ComparedPair,
  both: readonly { inA: Outcome; inB: Outcome; truth: string }[],
): ConfusionWon[] {
  const counts = new Map<string, { truth: string; said: string; a: number; b: number }>();
  const count = (truth: string, said: string | null, arm: "a" | "b"): void => {
    if (said === null || said === truth) return;
    const key = JSON.stringify([truth, said]);
    const found = counts.get(key) ?? { truth, said, a: 0, b: 0 };
    found[arm] += 1;
    counts.set(key, found);
  };
  for (const { inA, inB, truth } of both) {
    count(truth, inA.said, "a");
    count(truth, inB.said, "b");
  }
  return [...counts]
    .filter(([, { a, b }]) => a !== b)
    .sort(([keyA, a], [keyB, b]) => {
      return Math.abs(b.a - b.b) - Math.abs(a.a - a.b) || (keyA < keyB ? -1 : 1);
    })
    .map(([, { truth, said, a, b }]) => ({ ...names, truth, said, mistakesA: a, mistakesB: b }));
}
