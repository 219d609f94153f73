/** Why V8 has paused, in the words of the Debug Adapter Protocol. */

import type { Debugger, Runtime } from "node:inspector";
import type { JsonObject } from "../wire-message.ts";

/** DAP's filters for pauses at errors → V8's states, the widest first. */
const PAUSE_STATES: ReadonlyMap<string, string> = new Map([
  ["raised", "all"],
  ["uncaught", "uncaught"],
]);

/** What a front end offers as `exceptionBreakpointFilters`. */
export const EXCEPTION_FILTERS: readonly JsonObject[] = [
  { filter: "raised", label: "Raised", description: "Stop where any error is thrown" },
  {
    filter: "uncaught",
    label: "Uncaught",
    description: "Stop where an error is thrown that ends the cell",
  },
];

/** V8's state for some of the filters. @throws Error for a filter that is not offered */
export function pauseState(filters: readonly string[]): string {
  const unknown = filters.find((it) => !PAUSE_STATES.has(it));
  if (unknown !== undefined) {
    const offered = [...PAUSE_STATES.keys()].join(", ");
    throw new Error(`There is no exception filter "${unknown}"; there are ${offered}`);
  }
  return [...PAUSE_STATES].find(([filter]) => filters.includes(filter))?.[1] ?? "none";
}

/** The new script, when V8 has paused before the first statement of one. */
export function enteredScript({ reason, data }: Debugger.PausedEventDataType): string | undefined {
  if (reason !== "instrumentation" || data === undefined) return undefined;
  return String(Reflect.get(data, "scriptId"));
}

/** DAP's `reason` of a stop, with the error if there is one. */
export function stopReason(paused: Debugger.PausedEventDataType): JsonObject {
  const { reason, hitBreakpoints = [] } = paused;
  if (hitBreakpoints.length > 0) return { reason: "breakpoint" };
  if (reason === "exception" || reason === "promiseRejection") {
    return { reason: "exception", text: errorText(paused.data) };
  }
  // What is left is a `debugger` statement.
  return { reason: reason === "step" ? "step" : "breakpoint" };
}

function errorText(data: object | undefined): string {
  const { description, value }: Partial<Runtime.RemoteObject> = data ?? {};
  return description?.split("\n")[0] ?? String(value);
}
