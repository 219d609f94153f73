/** What oxc says about a text that does not parse, as an error that names the user's line. */

import { codeFrame } from "./code-frame.ts";
import { lineStarts, type Position, positionAt } from "./source-map.ts";
import type { ErrorReport } from "./thread-messages.ts";

/** The cell's text is not valid TypeScript. */
export class CellSyntaxError extends Error {
  override readonly name = "SyntaxError";
  readonly position: Position;

  /** @param offset where in `source`, in UTF-16 units. */
  constructor(message: string, source: string, offset: number) {
    super(message);
    this.position = positionAt(lineStarts(source), offset);
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

/** Report of a fault of the kernel's own. */
export function internalErrorReport(error: unknown): ErrorReport {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const evalue = `fault of the kernel: ${message}`;
  return { ename: name, evalue, traceback: [evalue, ...(stack ?? "").split("\n")] };
}
