/** Numbers of a report as words: shares in hundredths, a true minus, no bare p. */
import type { Interval } from "../../bridge/protocol.gen.ts";

const NO_BREAK = "\u00a0";
/** As wide as a digit where digits have one width. */
const FIGURE_SPACE = "\u2007";

/** `71.4` of .714. */
export function percent(share: number, digits = 1): string {
  return withMinus((100 * share).toFixed(digits));
}

/** `+4.2` of .042. */
export function signedPoints(share: number, digits = 1): string {
  const text = (100 * share).toFixed(digits);
  return Number(text) > 0 ? `+${text}` : withMinus(text);
}

/** `[+1.1, +7.3]` */
export function between(
  { low, high }: Pick<Interval, "low" | "high">,
  write: (value: number) => string = percent,
): string {
  return `[${write(low)},${NO_BREAK}${write(high)}]`;
}

/** `.032`, `< .001`; `–` where nothing was tested. */
export function pText(p: number | null): string {
  if (p === null) return "–";
  return p < 0.001 ? `<${NO_BREAK}.001` : p.toFixed(3).replace(/^0/, "");
}

/** Three significant digits: `2.31`, `0.0412`, `1240`; zeros at the end count. */
export function significant(value: number): string {
  const size = Math.abs(value);
  return withMinus(size >= 100 || size === 0 ? value.toFixed(0) : value.toPrecision(3));
}

/** What stands in the place of an interval; a reason may begin with the same words. */
export function noInterval(reason: string | null): string {
  return `none: ${(reason ?? "not computed").replace(/^no interval( and no test)?: /, "")}`;
}

/** Texts of one column with their ends below each other. */
export function endAligned(texts: readonly string[]): string[] {
  const width = Math.max(0, ...texts.map((text) => text.length));
  return texts.map((text) => (text === "" ? "" : text.padStart(width, FIGURE_SPACE)));
}

/** Intervals of one column with both ends below each other; a text stands where there is none. */
export function alignedIntervals(
  cells: readonly (Pick<Interval, "low" | "high"> | string)[],
  write: (value: number) => string = percent,
): string[] {
  const ends = (end: "low" | "high"): string[] =>
    endAligned(cells.map((cell) => (typeof cell === "string" ? "" : write(cell[end]))));
  const [low, high] = [ends("low"), ends("high")];
  return cells.map((cell, at) =>
    typeof cell === "string" ? cell : `[${low[at]},${NO_BREAK}${high[at]}]`,
  );
}

/** `1 clip`, `4 clips` */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

/** `a, b and c` */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

const MOST_NAMED = 6;

/** `a, b, c and 7 more` */
export function firstOf(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A sentence of the statistics with a true minus before its numbers, and no line end within a p. */
export function asPrinted(sentence: string): string {
  return sentence
    .replace(/(?<=[\s[])-(?=\d)/g, "−")
    .replace(/\bp ([<=]) (?=[.\d])/g, `p${NO_BREAK}$1${NO_BREAK}`);
}

/** With a full stop, unless it ends as a sentence already. */
export function asSentence(text: string): string {
  return /[.?!]$/.test(text) ? text : `${text}.`;
}

function withMinus(text: string): string {
  const isZero = Number(text) === 0;
  return isZero ? text.replace("-", "") : text.replace("-", "−");
}
