/** From a line that the user wrote to the place where V8 pauses for it. */

import type { Debugger } from "node:inspector";
import type { MainInspector } from "../main-inspector.ts";
import type { UserScript } from "./user-scripts.ts";

/** A place where V8 can pause. */
export interface BreakPlace {
  readonly location: Debugger.Location;
  /** The user's, from 1. */
  readonly line: number;
  readonly column: number;
}

/** All places of a script, in the order of the user's text. */
export async function breakPlaces(
  inspector: MainInspector,
  script: UserScript,
): Promise<readonly BreakPlace[]> {
  const start: Debugger.Location = { scriptId: script.id, lineNumber: 0, columnNumber: 0 };
  const { locations } = await inspector.command<Debugger.GetPossibleBreakpointsReturnType>(
    "Debugger.getPossibleBreakpoints",
    { start },
  );
  const places = locations.flatMap(({ scriptId, lineNumber, columnNumber = 0 }) => {
    const position = { line: lineNumber + 1, column: columnNumber + 1 };
    if (!script.isWritten(position)) return [];
    return [{ location: { scriptId, lineNumber, columnNumber }, ...script.userPosition(position) }];
  });
  return places.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Where a breakpoint of a line goes: a line without code means the next that has some. */
export function placeOfLine(places: readonly BreakPlace[], line: number): BreakPlace | undefined {
  return places.find((place) => place.line >= line);
}
