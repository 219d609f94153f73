import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { StudyResults } from "../results-types.ts";
import type { Verdict } from "../verdict-types.ts";
import { aligned, bullets, heading, note, scrolling, stack } from "./pieces.ts";
import { asPrinted, between, listed, pText, signedPoints } from "./words.ts";

/** Every verdict as a sentence, its test, and what other ways to look at it would have said. */
export function verdictTable({ verdicts }: StudyResults): Html | null {
  if (verdicts.length === 0) return null;
  return stack([
    bullets(verdicts.map(({ sentence }) => asPrinted(sentence))),
    scrolling(table(aligned(verdicts.map(testRow)), { limit: 1000 })),
    note(testWords(verdicts)),
    marginTable(verdicts.filter(({ margin }) => margin !== null)),
    heading("Beside"),
    scrolling(table(aligned(withoutEmpty(verdicts.map(besideRow))), { limit: 1000 })),
    note(
      "No verdict is taken from this second table. By clip: as if clips of one source were independent, which makes intervals too narrow. d: mean over standard deviation of the sources' differences. ICC: how alike the differences of one source are.",
    ),
  ]);
}

/** Once where all are of one kind, else each by its name. */
function testWords(verdicts: readonly Verdict[]): string {
  const words = verdicts.map(({ test, reason }) => test ?? `not tested: ${reason}`);
  const adjusted = [...new Set(verdicts.map((it) => `${it.family} ones by ${it.adjustedBy}`))];
  const tests =
    new Set(words).size === 1
      ? [`Test: ${words[0]}`]
      : verdicts.map(({ a, b, task }, at) => `${a} − ${b}, ${task}: ${words[at]}`);
  return `${tests.join("; ")}. Adjusted: ${listed(adjusted)}. Could have seen: points, in eight of ten studies.`;
}

function namesOf({ a, b, task, metric }: Verdict): Record<string, string> {
  return { comparison: `${a} − ${b}`, on: `${task}, ${metric}` };
}

/** Without the columns of what was not computed for any. */
function withoutEmpty(rows: readonly Record<string, string>[]): Record<string, string>[] {
  const isThere = (name: string): boolean => rows.some((row) => row[name] !== "–");
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => isThere(name))),
  );
}

function testRow(it: Verdict): Record<string, unknown> {
  const one = (value: number | null): string => (value === null ? "–" : String(value));
  return {
    ...namesOf(it),
    word: it.word,
    p: pText(it.p),
    adjusted: pText(it.pAdjusted),
    "could have seen": it.couldHaveSeen === null ? "–" : signedPoints(it.couldHaveSeen).slice(1),
    "only a : only b": `${one(it.onlyA)} : ${one(it.onlyB)}`,
    clips: it.clips,
    sources: it.sources,
  };
}

/** What "not worse" and "equivalent" are read off. */
function marginTable(verdicts: readonly Verdict[]): Html | null {
  if (verdicts.length === 0) return null;
  const rows = verdicts.map((it) => ({
    ...namesOf(it),
    margin: signedPoints(it.margin ?? 0).slice(1),
    "p, worse by it": pText(it.pNotWorse),
    "p, better by it": pText(it.pNotBetter),
    interval: it.marginInterval === null ? "–" : between(it.marginInterval, signedPoints),
    at: it.marginInterval === null ? "–" : `${Math.round(100 * it.marginInterval.level)} %`,
  }));
  return stack([
    heading("Against the margin"),
    scrolling(table(aligned(rows), { limit: 1000 })),
    note(
      "Margin in points. Each p is one-sided and adjusted, of the null hypothesis that its column names: not worse rejects the first, equivalent both. The interval is the one that lies on the same side of the margin where one comparison alone is asked about; where few clips differ, the p is the more careful one.",
    ),
  ]);
}

function besideRow({ beside, ...it }: Verdict): Record<string, string> {
  const interval = (value: Verdict["interval"]): string =>
    value === null ? "–" : between(value, signedPoints);
  const number = (value: number | null): string =>
    value === null ? "–" : value.toFixed(2).replace("-", "−");
  return {
    ...namesOf({ beside, ...it }),
    jackknife: interval(beside.jackknife),
    bootstrap: interval(beside.bootstrap),
    BCa: interval(beside.bca),
    "by clip": interval(beside.byClip),
    "McNemar exact": pText(beside.mcnemarExact),
    "mid-p": pText(beside.mcnemarMidP),
    Wilcoxon: pText(beside.wilcoxon),
    d: number(beside.effectSize),
    ICC: number(beside.icc),
  };
}
