import { GrymError } from "../errors.ts";

/**
 * An error that arises when a line arrives has only the event loop on its stack; the caller wants
 * to see their own line. It is looked up now, by who waits for the promise: the stack of
 * every call would take a fifth of the time of a small one.
 */
export function withCallSite(error: unknown): unknown {
  if (!(error instanceof GrymError)) return error;
  const [, ...frames] = new Error().stack?.split("\n") ?? [];
  const callers = frames.filter(
    (frame) => !frame.includes(import.meta.dirname) && !frame.includes("node:internal"),
  );
  if (callers.length > 0) {
    error.stack = [`${error.name}: ${error.message}`, ...callers].join("\n");
  }
  return error;
}
