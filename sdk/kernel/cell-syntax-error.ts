/** What oxc says about a text that does not parse, as an error that names the user's line. */

import type { OxcError } from "oxc-transform";
import { codeFrame } from "./code-frame.ts";
import { lineStarts, type Position, positionAt } from "./source-map.ts";
import type { ErrorReport } from "./thread-messages.ts";

/** The cell's text is not valid TypeScript. */
export class CellSyntaxError extends Error {
  override readonly name = "SyntaxError";
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.position = position;
  }

  /** The report shown for a cell whose text is `source`. */
  report(label: string, source: string): ErrorReport {
    const { line, column } = this.position;
    return {
      ename: this.name,
      evalue: this.message,
      traceback: [
        `\u001b[31mSyntaxError\u001b[39m: ${this.message}`,
        `    at ${label}, line ${line}:${column}`,
        ...codeFrame(source, this.position),
      ],
    };
  }
}

/** First error of a transpiler run. Its labels count UTF-8 bytes. */
export function syntaxErrorOf(source: string, errors: readonly OxcError[]): CellSyntaxError {
  const [first] = errors;
  const bytes = first?.labels.at(-1)?.start ?? 0;
  const offset = Buffer.from(source).subarray(0, bytes).toString("utf8").length;
  const message = first?.message ?? "not valid TypeScript";
  return new CellSyntaxError(message, positionAt(lineStarts(source), offset));
}

/** Report of a fault of the kernel's own. */
export function internalErrorReport(error: unknown): ErrorReport {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const evalue = `fault of the kernel: ${message}`;
  return { ename: name, evalue, traceback: [evalue, ...(stack ?? "").split("\n")] };
}
