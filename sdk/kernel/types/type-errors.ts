/** TypeScript's errors of a cell: which of them count at a notebook, and how they are told. */

import { codeFrame } from "../code-frame.ts";
import type { ErrorReport } from "../thread-messages.ts";
import { HEADER_LINES } from "./cell-chain.ts";
import type { Diagnostic } from "./type-server.ts";

/** Diagnostics shown for one cell; the rest is counted. */
const SHOWN = 5;
const ERROR = 1;

/**
 * Errors that say nothing about the cell as it will run:
 * - a module, or a name in it, that is not found: it may only lack types, and the run tells it better;
 * - an export of all of a CommonJS module (2498): it is an import to us, and Node can;
 * - an operand of `,` has no effect (2695);
 * - a value is `unknown` (2571, 18046), and is looked at to learn what it is.
 */
const NOT_COUNTED = new Set([
  1192, 2305, 2306, 2307, 2497, 2613, 2614, 2792, 2882, 2498, 2695, 2571, 18046,
]);
/** A name is not known: the program may still have it as a global. */
const UNKNOWN_NAME = new Set([2304, 2552, 2503, 18004]);

/** The errors of a cell that count; of unknown names those that `isHeld` does not know either. */
export function countedErrors(
  diagnostics: readonly Diagnostic[],
  source: string,
  isHeld: (name: string) => boolean,
): Diagnostic[] {
  return diagnostics.filter((it) => {
    if (it.severity !== ERROR || NOT_COUNTED.has(it.code)) return false;
    // 7xxx: a type is implicitly `any`. Nobody annotates everything at a notebook.
    if (it.code >= 7000 && it.code < 8000) return false;
    if (/\btype 'unknown'/i.test(it.message)) return false;
    const name = unknownName(it);
    return name === undefined || !(isHeld(name) || isSafe(name, it, source));
  });
}

/** `typeof name` asks whether there is one, and `globalThis.name = …` makes one. */
function isSafe(name: string, { range }: Diagnostic, source: string): boolean {
  const line = source.split("\n")[range.start.line - HEADER_LINES] ?? "";
  if (/\btypeof\s+\(?$/.test(line.slice(0, range.start.character))) return true;
  return source.includes(`globalThis.${name}`);
}

/** Names of which TypeScript knows nothing. */
export function unknownNames(diagnostics: readonly Diagnostic[]): string[] {
  return [...new Set(diagnostics.flatMap((it) => unknownName(it) ?? []))];
}

function unknownName({ code, message }: Diagnostic): string | undefined {
  return UNKNOWN_NAME.has(code) ? /'([^']+)'/.exec(message)?.[1] : undefined;
}

/** Report of a cell that was not run. */
export function refusal(errors: readonly Diagnostic[], label: string, source: string): ErrorReport {
  const [first] = errors;
  return {
    ename: "TypeCheckError",
    evalue: first === undefined ? "" : sentence(first),
    traceback: [
      ...linesOf(errors, label, source, (text) => `\u001b[31mTypeCheckError\u001b[39m: ${text}`),
      "",
      '\u001b[2mThe cell was not run. After kernelOptions({ types: "warn" }) such cells run; // @ts-ignore above a line excuses it.\u001b[22m',
    ],
  };
}

/** Text for the error stream of a cell that has run, or is running. */
export function warning(errors: readonly Diagnostic[], label: string, source: string): string {
  return `${linesOf(errors, label, source, (text) => `\u001b[33mTypeScript\u001b[39m: ${text}`).join("\n")}\n`;
}

function linesOf(
  errors: readonly Diagnostic[],
  label: string,
  source: string,
  title: (text: string) => string,
): string[] {
  const lines = errors.slice(0, SHOWN).flatMap((error) => {
    const { start } = error.range;
    const position = { line: start.line - HEADER_LINES + 1, column: start.character + 1 };
    return [
      title(sentence(error)),
      `    at ${label}, line ${position.line}:${position.column}`,
      ...codeFrame(source, position),
    ];
  });
  if (errors.length > SHOWN) lines.push(`and ${errors.length - SHOWN} more`);
  return lines;
}

function sentence({ message, code }: Diagnostic): string {
  return `${message} (TS${code})`;
}
