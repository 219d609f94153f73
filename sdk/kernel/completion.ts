/** Completion from live values: names of globals and members, without calling any getter. */

import type { MainInspector } from "./main-inspector.ts";

/** Matches for the text before the cursor; offsets in UTF-16 units. */
export interface Completion {
  readonly matches: readonly string[];
  readonly start: number;
  readonly end: number;
}

const IDENTIFIER = "[A-Za-z_$][\\w$]*";
const BEFORE_CURSOR = new RegExp(`((?:${IDENTIFIER}\\??\\.)*)(${IDENTIFIER})?$`);
const VALID_NAME = new RegExp(`^${IDENTIFIER}$`);
const KEYWORDS = (
  "as async await break case catch class const continue default delete do else enum export extends " +
  "false finally for from function if implements import in instanceof interface keyof let new null " +
  "of return satisfies static super switch this throw true try type typeof undefined using var " +
  "void while yield"
).split(" ");

/** Completes the name at a cursor. */
export async function complete(
  inspector: MainInspector,
  code: string,
  cursor: number,
): Promise<Completion> {
  const match = BEFORE_CURSOR.exec(code.slice(0, cursor));
  const path = (match?.[1] ?? "").replace(/\.$/, "").replace(/\?$/, "");
  const prefix = match?.[2] ?? "";
  const names = await memberNames(inspector, path);
  if (path === "") names.push(...KEYWORDS);
  const matches = [...new Set(names)]
    .filter((name) => name.startsWith(prefix) && VALID_NAME.test(name))
    .filter((name) => prefix.startsWith("_") || !name.startsWith("_"))
    .toSorted();
  return { matches, start: cursor - prefix.length, end: cursor };
}

async function memberNames(inspector: MainInspector, path: string): Promise<string[]> {
  // Object() boxes strings and numbers, whose methods complete too.
  const expression = path === "" ? "globalThis" : `Object(${path})`;
  const object = await inspector.evaluate(expression);
  if (object?.objectId === undefined) return [];
  const properties = await inspector.properties(object.objectId);
  inspector.release(object.objectId);
  return properties.map(({ name }) => name);
}
