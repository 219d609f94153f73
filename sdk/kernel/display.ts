/** How values are shown: MIME bundles, the last expression, the hook that libraries use. */

import { inspect } from "node:util";
import type { DisplayType } from "./thread-messages.ts";
import type { KernelSettings } from "./types/type-policy.ts";

/** Property of a bundle that becomes the output's metadata: MIME type → facts. */
export const METADATA: unique symbol = Symbol.for("grym-synth.metadata");

/** MIME type → value: text, JSON, or bytes (sent as base64). */
export type MimeBundle = Readonly<Record<string, unknown>> & {
  readonly [METADATA]?: Readonly<Record<string, unknown>>;
};

/** Method by which a value brings its own bundle (the convention of Deno's kernel). */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display");
/** Global property under which libraries find this kernel. */
export const KERNEL: unique symbol = Symbol.for("grym-synth.kernel");

/** A display message. */
export interface DisplayMessage {
  readonly data: MimeBundle;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A display with an id can be updated in place. */
  readonly transient?: { readonly display_id?: string };
  /** Replaces what the same `display_id` shows. @default false */
  readonly update?: boolean;
}

/** What a library may ask of the kernel, found at `globalThis[Symbol.for("grym-synth.kernel")]`. */
export interface KernelHook {
  publish(message: DisplayMessage): void;
  /** Empties the output of the cell; with `wait`, when the next output arrives. */
  clearOutput(wait?: boolean): void;
  /** Shows text beside the notebook, in front ends that have a pager. */
  page(data: MimeBundle): void;
  /** Settings of the kernel, from the next cell on. @throws TypeError for a setting that there is not */
  options(settings: KernelSettings): void;
  /** Aborts when the cell to which the running code belongs is interrupted. */
  readonly signal: AbortSignal | undefined;
}

/** Options of the global `display`. */
export interface DisplayOptions {
  /** Name by which a later call can replace this output. */
  readonly displayId?: string;
  /** Replaces the output of `displayId`. @default false */
  readonly update?: boolean;
  /** The value is a MIME bundle already. @default false */
  readonly raw?: boolean;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The global `display`: shows a value in the output of the cell. */
export type Display = (value: unknown, options?: DisplayOptions) => Promise<void>;

/** The global `display` over a hook. */
export function displayFunction(hook: KernelHook): Display {
  return async (value, { displayId, update = false, raw = false, metadata = {} } = {}) => {
    const data = raw && typeof value === "object" ? { ...value } : await shownBundle(value);
    const transient = displayId === undefined ? {} : { display_id: displayId };
    hook.publish({ data, metadata, transient, update });
  };
}

/** As {@link toMimeBundle}, but a text stands for itself, without quotes. */
function shownBundle(value: unknown): Promise<MimeBundle> {
  return typeof value === "string" ? Promise.resolve({ "text/plain": value }) : toMimeBundle(value);
}

/** Bundle of any value: its own, or text as Node prints it. An empty one shows nothing. */
export async function toMimeBundle(value: unknown): Promise<MimeBundle> {
  const own: unknown =
    (typeof value === "object" && value !== null) || typeof value === "function"
      ? Reflect.get(value, DISPLAY)
      : undefined;
  if (typeof own !== "function") return foreignBundle(value);
  const bundle: unknown = await own.call(value);
  if (typeof bundle === "object" && bundle !== null) return { ...bundle };
  throw new TypeError(`[Symbol.for("Jupyter.display")] gave ${inspect(bundle)}, no MIME bundle`);
}

/** Bundle of a value that knows nothing of notebooks: tables of arquero as tables, else text. */
async function foreignBundle(value: unknown): Promise<MimeBundle> {
  if (typeof value === "object" && value !== null && "columnNames" in value) {
    const { isArqueroTable, table } = await import("../display/table.ts");
    if (isArqueroTable(value)) return toMimeBundle(table(value));
  }
  return { "text/plain": inspect(value) };
}

/** Content of a display message, or of a result with its number, as JSON text. */
export function displayContent(message: DisplayMessage, executionCount?: number): string {
  const data = Object.fromEntries(
    Object.entries(message.data).map(([mime, value]) => [
      mime,
      value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
    ]),
  );
  return JSON.stringify({
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
