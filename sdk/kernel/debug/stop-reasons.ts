/** Why V8 has paused, in the words of the Debug Adapter Protocol. */

import type { Debugger, Runtime } from "node:inspector";
import type { JsonObject } from "../wire-message.ts";

/** What a front end offers as `exceptionBreakpointFilters`, the widest first. */
export const EXCEPTION_FILTERS = [
  { filter: "raised", label: "Raised", description: "Stop where any error is thrown" },
  {
    filter: "uncaught",
    label: "Uncaught",
    description: "Stop where an error is thrown that no try catches",
  },
] as const;

export type ExceptionFilter = (typeof EXCEPTION_FILTERS)[number]["filter"];

/** The widest of some filters. @throws Error for a filter that is not offered */
export function exceptionFilter(filters: readonly string[]): ExceptionFilter | undefined {
  const offered = EXCEPTION_FILTERS.map(({ filter }) => filter);
  const unknown = filters.find((it) => !offered.some((filter) => filter === it));
  if (unknown !== undefined) {
    throw new Error(`There is no exception filter "${unknown}"; there are ${offered.join(", ")}`);
  }
  return offered.find((filter) => filters.includes(filter));
}

/** Whether V8 has paused because of an error. */
export function isAtError({ reason }: Debugger.PausedEventDataType): boolean {
  return reason === "exception" || reason === "promiseRejection";
}

/** DAP's `reason` of a stop, with the error if there is one. */
export function stopReason(paused: Debugger.PausedEventDataType): JsonObject {
  const { reason, hitBreakpoints = [] } = paused;
  if (hitBreakpoints.length > 0) return { reason: "breakpoint" };
  if (isAtError(paused)) return { reason: "exception", text: errorText(paused.data) };
  // What is left is a `debugger` statement.
  return { reason: reason === "step" ? "step" : "breakpoint" };
}

function errorText(data: object | undefined): string {
  const { description, value }: Partial<Runtime.RemoteObject> = data ?? {};
  return description?.split("\n")[0] ?? String(value);
}
