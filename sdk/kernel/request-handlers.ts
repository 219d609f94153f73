/** Answers to requests that run no cell. */

import type { CommRegistry } from "./comm-registry.ts";
import { complete } from "./completion.ts";
import type { History } from "./history.ts";
import { inspectAt } from "./inspection.ts";
import { isComplete } from "./is-complete.ts";
import { KERNEL_INFO } from "./kernel-info.ts";
import type { MainInspector } from "./main-inspector.ts";
import type { CellTypes } from "./types/cell-types.ts";
import type { JsonObject } from "./wire-message.ts";

/** Content of the reply for the content of a request. */
export type RequestHandler = (content: JsonObject) => JsonObject | Promise<JsonObject>;

/** Handlers by the type of the request without its ending `_request`. */
export function requestHandlers(
  inspector: MainInspector,
  history: History,
  { comms, types }: { readonly comms: CommRegistry; readonly types: CellTypes },
): ReadonlyMap<string, RequestHandler> {
  return new Map<string, RequestHandler>([
    ["kernel_info", () => KERNEL_INFO],
    ["comm_info", (content) => comms.info(content)],
    ["history", (content) => history.reply(content)],
    ["is_complete", (content) => completenessReply(textOf(content))],
    ["complete", (content) => completeReply(inspector, content)],
    ["inspect", (content) => inspectReply(inspector, content)],
  ]);
}

function completenessReply(code: string): JsonObject {
  const status = isComplete(code);
  return status === "incomplete" ? { status, indent: "  " } : { status };
}

async function completeReply(inspector: MainInspector, content: JsonObject): Promise<JsonObject> {
  const code = textOf(content);
  const { matches, start, end } = await complete(inspector, code, cursorOf(content, code));
  return {
    status: "ok",
    matches,
    cursor_start: characters(code, start),
    cursor_end: characters(code, end),
    metadata: {},
  };
}

async function inspectReply(inspector: MainInspector, content: JsonObject): Promise<JsonObject> {
  const code = textOf(content);
  const text = await inspectAt(inspector, code, cursorOf(content, code));
  const data = text === undefined ? {} : { "text/plain": text };
  return { status: "ok", found: text !== undefined, data, metadata: {} };
}

function textOf(content: JsonObject): string {
  return String(content["code"] ?? "");
}

/** Cursor of a request in UTF-16 units; on the wire it counts Unicode characters. */
function cursorOf(content: JsonObject, code: string): number {
  const position = content["cursor_pos"];
  if (typeof position !== "number") return code.length;
  return [...code].slice(0, position).join("").length;
}

/** Number of Unicode characters in the first `units` UTF-16 units. */
function characters(code: string, units: number): number {
  return [...code.slice(0, units)].length;
}
