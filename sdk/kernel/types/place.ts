/** Places in a cell's document for offsets in the user's text. */

import { lineStarts, positionAt } from "../source-map.ts";
import { HEADER_LINES } from "./cell-chain.ts";
import type { Place } from "./type-server.ts";

/** The place of an offset (UTF-16 units) of the user's text. */
export function placeAt(source: string, offset: number): Place {
  const { line, column } = positionAt(lineStarts(source), offset);
  return { line: line - 1 + HEADER_LINES, character: column - 1 };
}
