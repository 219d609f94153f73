/** Names from live values: globals, members, keys of data; no getter is called. */

import type { MainInspector } from "./main-inspector.ts";

const IDENTIFIER = "[\\p{ID_Start}$_][\\p{ID_Continue}$]*";
const PATH = `${IDENTIFIER}(?:\\??\\.${IDENTIFIER})*`;
/** `a.b.`, `a?.`, or `a["` */
const MEMBER_OF = new RegExp(`(${PATH})(?:\\??\\.|(?:\\?\\.)?\\[["'\`])$`, "u");

/**
 * Names that could follow the text, which ends where the unfinished name begins: an object's own
 * before those that it inherits.
 */
export async function liveNames(inspector: MainInspector, before: string): Promise<string[]> {
  const path = MEMBER_OF.exec(before)?.[1];
  // After a dot that follows a call or a bracket nothing is known; in any other string neither.
  if (path === undefined && /(?:\.|["'`])$/.test(before)) return [];
  // Object() boxes strings and numbers, whose methods complete too.
  const expression = path === undefined ? "globalThis" : `Object(${path})`;
  const object = await inspector.evaluate(expression);
  if (object?.objectId === undefined) return [];
  const properties = await inspector.properties(object.objectId);
  inspector.release(object.objectId);
  const [own, inherited] = [true, false].map((isOwn) =>
    properties.filter((it) => it.isOwn === isOwn).map(({ name }) => name),
  );
  return [...(own ?? []).toSorted(), ...(inherited ?? []).toSorted()];
}
