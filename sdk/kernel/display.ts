/** How values reach the front end: results, the global `display`, the messages that carry them. */

import { inspect } from "node:util";
import {
  type DisplayMessage,
  type DisplayOptions,
  type KernelHook,
  publishWhenMade,
  toMessage,
} from "../display/kernel-hook.ts";
import { METADATA, type MimeBundle } from "../display/mime.ts";
import type { Display } from "./cell-globals.ts";
import type { DisplayType } from "./thread-messages.ts";

// Cells may patch the global.
const { stringify } = JSON;

export { type DisplayMessage, KERNEL, type KernelHook } from "../display/kernel-hook.ts";

/** The global `display` over a hook. */
export function displayFunction(hook: KernelHook): Display {
  return async (value, options = {}) => {
    await publishWhenMade(hook, () => message(value, options));
  };
}

async function message(value: unknown, options: DisplayOptions): Promise<DisplayMessage> {
  if (typeof value === "string") return toMessage({ "text/plain": value }, options);
  if (isPrimitive(value)) return toMessage(printed(value), options);
  return (await loadDisplay()).displayMessage(value, options);
}

/** Bundle of the result of a cell. An empty one shows nothing. */
export async function toMimeBundle(value: unknown): Promise<MimeBundle> {
  return isPrimitive(value) ? printed(value) : (await loadDisplay()).bundleOf(value);
}

function isPrimitive(value: unknown): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "function");
}

function printed(value: unknown): MimeBundle {
  return { "text/plain": inspect(value) };
}

let loaded: typeof import("../display/display.ts") | undefined;

/** With the first value that is more than a number or a text: a kernel starts faster without. */
async function loadDisplay(): Promise<typeof import("../display/display.ts")> {
  // Kept once it is there, not its promise: an interrupt while it loads would leave that pending for ever.
  loaded ??= await import("../display/display.ts");
  return loaded;
}

/** Content of a display message, or of a result with its number, as JSON text. */
export function displayContent(message: DisplayMessage, executionCount?: number): string {
  const data = Object.fromEntries(
    Object.entries(message.data).map(([mime, value]) => [
      mime,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]),
  );
  return stringify({
    data,
    metadata: { ...message.data[METADATA], ...message.metadata },
    ...(executionCount === undefined
      ? { transient: message.transient ?? {} }
      : { execution_count: executionCount }),
  });
}

/** Message type of a display message. */
export function displayType(message: DisplayMessage): DisplayType {
  return message.update === true ? "update_display_data" : "display_data";
}
