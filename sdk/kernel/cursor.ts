/** Cursors of requests: on the wire they count Unicode characters, in here UTF-16 units. */

import type { JsonObject } from "./wire-message.ts";

/** The text of a request. */
export function textOf(content: JsonObject): string {
  return String(content["code"] ?? "");
}

/** The cursor of a request; without one it stands at the end. */
export function cursorOf(content: JsonObject, code: string): number {
  const position = content["cursor_pos"];
  if (typeof position !== "number") return code.length;
  return [...code].slice(0, position).join("").length;
}

/** Number of Unicode characters in the first `units` UTF-16 units. */
export function characters(code: string, units: number): number {
  return [...code.slice(0, units)].length;
}
