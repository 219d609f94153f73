/** From a line that the user wrote to the place in the cell's script where it begins: the way of breakpoints. */

import { type CellMap, type Position, positionAt } from "../source-map.ts";

/** Lines below the wanted one that are looked at: a breakpoint on a comment means the next statement. */
const LOOK_AHEAD = 50;
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The first line from `line` on (from 1) that has code, and its place in the script, whose text is `code`. */
export function scriptPosition(
  map: CellMap,
  code: string,
  line: number,
): { line: number; script: Position } | undefined {
  let best: { line: number; offset: number } | undefined;
  for (const segment of segmentsOf(map.payload.mappings)) {
    if (segment.line < line || segment.line > line + LOOK_AHEAD) continue;
    if (best !== undefined && segment.line >= best.line) continue;
    const start = map.transpiledLines[segment.generatedLine] ?? 0;
    const offset = outputOffset(map, code, start + segment.generatedColumn);
    if (offset !== undefined) best = { line: segment.line, offset };
  }
  return best && { line: best.line, script: positionAt(map.scriptLines, best.offset) };
}

/** Offset in the script of one in the transpiled text; undefined for text that was replaced. */
function outputOffset(map: CellMap, code: string, input: number): number | undefined {
  const index = map.spans.findIndex((it) => it.input <= input && input < it.input + it.length);
  const span = map.spans[index];
  if (span === undefined) return undefined;
  const offset = span.output + input - span.input;
  if (input > span.input) return offset;
  // The rewrite has put something before it (`return [`, `(`), with which V8's statement begins.
  const before = map.spans[index - 1];
  const gap = code.slice(before === undefined ? 0 : before.output + before.length, offset);
  return offset - (/[^;{}\n]*$/.exec(gap)?.[0].length ?? 0);
}

interface Segment {
  /** From 0. */
  readonly generatedLine: number;
  readonly generatedColumn: number;
  /** Of the user's text, from 1. */
  readonly line: number;
}

/** The mappings of a source map, version 3 (https://tc39.es/ecma426/), in the order of the text. */
function* segmentsOf(mappings: string): Generator<Segment> {
  let line = 0;
  for (const [generatedLine, text] of mappings.split(";").entries()) {
    let generatedColumn = 0;
    for (const segment of text.split(",")) {
      const [column, source, lines] = numbersOf(segment);
      if (column === undefined) continue;
      generatedColumn += column;
      if (source === undefined || lines === undefined) continue;
      line += lines;
      yield { generatedLine, generatedColumn, line: line + 1 };
    }
  }
}

/** Base64 VLQ: six bits a digit, the lowest of the first is the sign, the highest says that more follows. */
function numbersOf(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = DIGITS.indexOf(character);
    value |= (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
    value = 0;
    shift = 0;
  }
  return numbers;
}
