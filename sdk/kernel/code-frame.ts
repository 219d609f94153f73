/** A few lines of source around a place, with an arrow at it. */

import type { Position } from "./source-map.ts";

const LINES_BEFORE = 2;

/** Lines `      4 | text` with `----> 5 | text` at the position; empty when there is no such line. */
export function codeFrame(source: string, { line, column }: Position): string[] {
  const lines = source.split("\n");
  if (line > lines.length) return [];
  const width = String(line).length;
  const frame: string[] = [];
  for (let n = Math.max(1, line - LINES_BEFORE); n <= line; n++) {
    const arrow = n === line ? "---->" : "     ";
    frame.push(`${arrow} ${String(n).padStart(width)} | ${lines[n - 1] ?? ""}`);
  }
  frame.push(`      ${" ".repeat(width)} | ${" ".repeat(Math.max(0, column - 1))}^`);
  return frame;
}
