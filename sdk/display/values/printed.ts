import { inspect } from "node:util";

/** Characters: an object of a million keys would else fill the notebook. */
const LONGEST = 100_000;

/** A value as Node prints it, cut where it is endless; of one that refuses, what it answers. */
export function printed(value: unknown): string {
  try {
    return cut(inspect(value));
  } catch (reason) {
    return `[${kindOf(value)} that cannot be printed: ${wordsOf(reason)}]`;
  }
}

function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  return `${text.slice(0, LONGEST)}… ${text.length - LONGEST} more characters`;
}

function kindOf(value: unknown): string {
  return typeof value === "function" ? "a function" : "an object";
}

/** What was thrown may refuse as well. */
function wordsOf(reason: unknown): string {
  try {
    return reason instanceof Error ? reason.message : String(reason);
  } catch {
    return "its error cannot be printed either";
  }
}
