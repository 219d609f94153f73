import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import type { StudyResults } from "../results-types.ts";
import type { JudgedVerdict } from "../verdict-types.ts";
import { bullets, heading, note, scrolling, stack } from "./pieces.ts";
import { between, pText, signedPoints, significant } from "./words.ts";

/** Every verdict as a sentence, its test, and what other ways to look at it would have said. */
export function verdictTable({ verdicts }: StudyResults): Html | null {
  if (verdicts.length === 0) return null;
  return stack([
    bullets(verdicts.map(({ sentence }) => sentence)),
    scrolling(table(verdicts.map(testRow), { limit: 1000 })),
    heading("Beside"),
    scrolling(table(verdicts.map(besideRow), { limit: 1000 })),
    note(
      "No verdict is taken from this second table. By clip: as if clips of one source were independent, which makes intervals too narrow. d: mean over standard deviation of the sources' differences. ICC: how alike the differences of one source are.",
    ),
  ]);
}

function nameOf({ a, b, task, metric }: JudgedVerdict): string {
  return `${a} − ${b}, ${task}, ${metric}`;
}

function testRow(it: JudgedVerdict): Record<string, unknown> {
  const one = (value: number | null): string => (value === null ? "–" : String(value));
  return {
    comparison: nameOf(it),
    word: it.word,
    p: pText(it.p),
    "adjusted p": `${pText(it.pAdjusted)} (${it.adjustedBy})`,
    test: it.test ?? `none: ${it.reason}`,
    "could have seen": it.couldHaveSeen === null ? "–" : signedPoints(it.couldHaveSeen).slice(1),
    "only a : only b": `${one(it.onlyA)} : ${one(it.onlyB)}`,
    clips: it.clips,
    sources: it.sources,
  };
}

function besideRow({ beside, ...it }: JudgedVerdict): Record<string, unknown> {
  const interval = (value: JudgedVerdict["interval"]): string =>
    value === null ? "–" : between(value, signedPoints);
  const number = (value: number | null): string => (value === null ? "–" : significant(value));
  return {
    comparison: nameOf({ beside, ...it }),
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
