/** What is known of the name at a cursor: its type and documentation, its value, its source. */

import { cursorOf, textOf } from "./cursor.ts";
import { firstAnswers } from "./deadline.ts";
import type { MainInspector } from "./main-inspector.ts";
import type { CellTypes } from "./types/cell-types.ts";
import { type TypedFacts, typedFacts } from "./types/typed-inspection.ts";
import { describeValue } from "./value-text.ts";
import type { JsonObject } from "./wire-message.ts";

const PATH_CHARACTER = /[\p{ID_Continue}$.]/u;
const PATH = /^[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Start}$_][\p{ID_Continue}$]*)*$/u;

/** Content of the reply to an `inspect_request`; the source is part of it from `detail_level` 1. */
export async function inspectReply(
  inspector: MainInspector,
  types: CellTypes,
  content: JsonObject,
): Promise<JsonObject> {
  const code = textOf(content);
  const cursor = cursorOf(content, code);
  const withSource = content["detail_level"] === 1;
  const [facts, value] = await firstAnswers(
    typedFacts(types, code, cursor, withSource),
    valueAt(inspector, code, cursor),
    (found) => found?.description !== undefined,
  );
  const markdown = sections(facts, value).join("\n\n");
  if (markdown === "") return { status: "ok", found: false, data: {}, metadata: {} };
  // The fences of code are all that the two differ in.
  const text = markdown.replace(/^```.*\n?/gm, "").trimEnd();
  const data = { "text/plain": text, "text/markdown": markdown };
  return { status: "ok", found: true, data, metadata: {} };
}

function sections(facts: TypedFacts | undefined, value: string | undefined): string[] {
  const parts: string[] = [];
  if (facts?.description !== undefined) parts.push(facts.description.trim());
  if (value !== undefined) parts.push(`Value:\n\n\`\`\`js\n${value}\n\`\`\``);
  for (const { place, text } of facts?.sources ?? []) {
    parts.push(`${place}:\n\n\`\`\`ts\n${text}\n\`\`\``);
  }
  return parts;
}

/** The value of the dotted name at a cursor, as text. No getter is called. */
async function valueAt(
  inspector: MainInspector,
  code: string,
  cursor: number,
): Promise<string | undefined> {
  const path = pathAt(code, cursor);
  if (path === undefined) return undefined;
  const value = await inspector.evaluate(path);
  if (value === undefined || value.type === "undefined") return undefined;
  if (value.objectId !== undefined) inspector.release(value.objectId);
  return describeValue(value);
}

/** The dotted name that ends with the word at the cursor. */
function pathAt(code: string, cursor: number): string | undefined {
  let start = Math.min(cursor, code.length);
  let end = start;
  while (start > 0 && PATH_CHARACTER.test(code[start - 1] ?? "")) start--;
  while (end < code.length && /[\p{ID_Continue}$]/u.test(code[end] ?? "")) end++;
  const path = code.slice(start, end).replace(/\.$/, "");
  return PATH.test(path) ? path : undefined;
}
