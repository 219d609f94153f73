/** From a position in a cell's script back to the line that the user wrote. */

import { SourceMap, type SourceMapPayload } from "node:module";
import { inputOffset, type Span } from "./text-edits.ts";

/**
 * The way back of one cell: script → (spans) → transpiled text → (source map) → the user's text.
 * Plain data, since it crosses threads.
 */
export interface CellMap {
  /** Offsets at which the lines of the script begin. */
  readonly scriptLines: readonly number[];
  readonly spans: readonly Span[];
  /** Offsets at which the lines of the transpiled text begin. */
  readonly transpiledLines: readonly number[];
  /** Source map of the transpiler, version 3. */
  readonly payload: SourceMapPayload;
}

/** A place in a text; both numbers from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Offsets at which lines begin. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}

/** Line and column of an offset. */
export function positionAt(starts: readonly number[], offset: number): Position {
  let line = starts.findLastIndex((start) => start <= offset);
  if (line < 0) line = 0;
  return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
}

/** Place in the user's text for a place in the cell's script. */
export function originalPosition(map: CellMap, script: Position): Position {
  const output = (map.scriptLines[script.line - 1] ?? 0) + script.column - 1;
  const transpiled = positionAt(map.transpiledLines, inputOffset(map.spans, output));
  const entry = new SourceMap(map.payload).findEntry(transpiled.line - 1, transpiled.column - 1);
  if (!("originalLine" in entry)) return { line: 1, column: 1 };
  return { line: entry.originalLine + 1, column: entry.originalColumn + 1 };
}
