/** Answers to requests that run no cell. */

import type { CommRegistry } from "./comm-registry.ts";
import { completeReply } from "./completion.ts";
import { textOf } from "./cursor.ts";
import type { DebugAdapter } from "./debug/debug-adapter.ts";
import type { History } from "./history.ts";
import { inspectReply } from "./inspection.ts";
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
  parts: {
    readonly comms: CommRegistry;
    readonly types: CellTypes;
    readonly debug: DebugAdapter;
  },
): ReadonlyMap<string, RequestHandler> {
  const { comms, types, debug } = parts;
  return new Map<string, RequestHandler>([
    ["kernel_info", () => KERNEL_INFO],
    ["comm_info", (content) => comms.info(content)],
    ["history", (content) => history.reply(content)],
    ["is_complete", (content) => completenessReply(textOf(content))],
    ["complete", (content) => completeReply(inspector, types, content)],
    ["debug", (content) => debug.handle(content)],
    ["inspect", (content) => inspectReply(inspector, types, content)],
  ]);
}

function completenessReply(code: string): JsonObject {
  const status = isComplete(code);
  return status === "incomplete" ? { status, indent: "  " } : { status };
}
