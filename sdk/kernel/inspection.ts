/** What a name at the cursor holds, from live values, without calling any getter. */

import type { MainInspector } from "./main-inspector.ts";

const PATH_CHARACTER = /[\w$.]/;
const PATH = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/;

/** Text about the value at a cursor; undefined when there is no value. */
export async function inspectAt(
  inspector: MainInspector,
  code: string,
  cursor: number,
): Promise<string | undefined> {
  const path = pathAt(code, cursor);
  if (path === undefined) return undefined;
  const value = await inspector.evaluate(path);
  if (value === undefined || value.type === "undefined") return undefined;
  if (value.objectId !== undefined) inspector.release(value.objectId);
  const kind = value.className ?? value.type;
  const text = value.description ?? String(value.value);
  return `${path}: ${kind}\n${text}`;
}

/** The dotted name that ends with the word at the cursor. */
export function pathAt(code: string, cursor: number): string | undefined {
  let start = Math.min(cursor, code.length);
  let end = start;
  while (start > 0 && PATH_CHARACTER.test(code[start - 1] ?? "")) start--;
  while (end < code.length && /[\w$]/.test(code[end] ?? "")) end++;
  const path = code.slice(start, end).replace(/\.$/, "");
  return PATH.test(path) ? path : undefined;
}
