/** Looking at a study while it runs: as often as one likes, since what is shown holds at any time. */

/** One declared comparison, after the sources that are finished. */
export interface Look {
  readonly a: string;
  readonly b: string;
  readonly task: "zero-shot" | "questions";
  readonly metric: string;
  /** Finished, in the order drawn before the run. */
  readonly sources: number;
  /** How many there are. */
  readonly of: number;
  readonly clips: number;
  /** a − b so far. */
  readonly difference: number;
  /** Confidence sequence of the difference: it holds at all looks together. */
  readonly low: number;
  readonly high: number;
  readonly level: number;
  /** Evidence of a difference; where there is none it ever reaches `shownAt` with a chance of alpha at most. */
  readonly e: number;
  /** 1 / alpha */
  readonly shownAt: number;
  /** Sources after which it was reached. */
  readonly rejectedAt: number | null;
  /** `fixed`: for looking; the verdict will be that of all sources. */
  readonly stopping: "fixed" | "anytime";
}

// biome-ignore lint/suspicious/noConfusingVoidType: a function that only draws returns nothing
type LookAnswer = "stop" | undefined | void;

/**
 * Called with every declared comparison in means of clips of a task that needs no training, when sources have
 * been finished, 25 times at most. `"stop"` ends the run there, where the study was declared
 * `stopping: "anytime"`.
 */
export type OnLook = (looks: readonly Look[]) => LookAnswer | Promise<LookAnswer>;

/** In a line: what is seen, and what it is worth. */
export function lookSentence(look: Look): string {
  const { a, b, task, metric, sources, of, difference, low, high, level, e, shownAt } = look;
  const points = (value: number): string => `${value < 0 ? "−" : "+"}${percent(Math.abs(value))}`;
  const shown =
    look.rejectedAt === null
      ? `a difference is shown at ${trim(shownAt)}`
      : `a difference is shown, since ${look.rejectedAt} sources`;
  const worth =
    look.stopping === "anytime" ? "" : "; for looking: the verdict is that of all sources";
  return (
    `${a} − ${b}, ${task}, ${metric}, after ${sources} of ${of} sources: ${points(difference)} points ` +
    `[${points(low)}, ${points(high)}] at ${trim(100 * level)} % at any time; e = ${trim(e)}, ${shown}${worth}`
  );
}

const percent = (share: number): string => (100 * share).toFixed(1);
const trim = (value: number): string => String(Number(value.toPrecision(3)));
