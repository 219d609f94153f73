import type { Html } from "../../display/html.ts";
import type { StudyResults } from "../results-types.ts";
import { type SeenVerdict, verdictOf } from "./pairs.ts";
import { bullets } from "./pieces.ts";
import { between, listed, signedPoints } from "./words.ts";

/** An arm that was asked about, a baseline, and what was found in a task. */
interface BesideBaseline {
  readonly arm: string;
  readonly baseline: string;
  readonly kind: string;
  readonly task: string;
  readonly seen: SeenVerdict;
}

/** Whether each arm is more than what costs nothing to know. */
export function baselines(results: StudyResults): Html | null {
  const rows = besideBaselines(results);
  if (rows.length === 0) return null;
  return bullets(rows.map(inWords));
}

/** For the sentence at the top: `a is not shown to beat mel statistics (fbank on linear and knn)`. */
export function unbeatenBaselines(results: StudyResults): string[] {
  const open = besideBaselines(results).filter(({ seen }) => seen.word !== "better");
  const claims = Map.groupBy(open, ({ arm, kind, seen }) => `${arm} ${failing(seen)} ${kind}`);
  return [...claims].map(([claim, rows]) => {
    const named = [...Map.groupBy(rows, ({ baseline }) => baseline)].map(
      ([baseline, each]) => `${baseline} on ${listed(each.map(({ task }) => task))}`,
    );
    return `${claim} (${named.join("; ")})`;
  });
}

function besideBaselines(results: StudyResults): BesideBaseline[] {
  const { arms, tasks } = results;
  return tasks.flatMap(({ task, metric, arms: tested }) => {
    const here = arms.filter(({ id }) => tested.some(({ arm }) => arm === id));
    return here
      .filter(({ baseline }) => baseline === null)
      .flatMap((arm) =>
        here.flatMap((other) => {
          if (other.baseline === null) return [];
          const seen = verdictOf(results, { a: arm.id, b: other.id, task }, metric);
          // Of the untrained models it is compared with its own twin.
          if (seen === null) return [];
          return [{ arm: arm.id, baseline: other.id, kind: other.baseline, task, seen }];
        }),
      );
  });
}

/** Undecided is not the same as not better. */
function failing({ word }: SeenVerdict): string {
  return word === "undecided" ? "is not shown to beat" : "does not beat";
}

function inWords({ arm, baseline, kind, task, seen }: BesideBaseline): string {
  const name = baseline === kind ? kind : `${kind} (${baseline})`;
  const interval = seen.interval === null ? "" : ` ${between(seen.interval, signedPoints)}`;
  const size = `${signedPoints(seen.difference)} points${interval}`;
  if (seen.word === "better") return `${arm} beats ${name} on ${task}: ${size}.`;
  const why = seen.word === "undecided" ? "undecided" : `it is ${seen.word}`;
  return `${arm} ${failing(seen)} ${name} on ${task}: ${why}, ${size}.`;
}
