import { inspect } from "node:util";
import { DISPLAY, isDisplayable, isDisplayObject, type MimeBundle } from "./mime.ts";
import { isArqueroTable, table } from "./table.ts";
import { tslabHook } from "./tslab-hook.ts";

/** What the kernel takes for display: one `display_data` or `update_display_data` message. */
export interface DisplayMessage {
  data: MimeBundle;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
  /** Replace the outputs of the same `display_id` instead of adding one. */
  update: boolean;
}

/** The hook that the grym-synth kernel sets on `globalThis`. */
export interface KernelHook {
  publish(message: DisplayMessage): void;
}

export interface DisplayOptions {
  /** Names the output, so that a later call can replace it. */
  displayId?: string;
  /**
   * Replace the outputs named `displayId` instead of adding a new one.
   * @default false
   */
  update?: boolean;
}

/** The kernel that this code runs in, or undefined in a plain Node process. */
export function kernelHook(): KernelHook | undefined {
  // The kernel's own contract; its type lives in another program.
  const hooks = globalThis as { [key: symbol]: unknown };
  return (hooks[Symbol.for("grym-synth.kernel")] as KernelHook | undefined) ?? tslabHook();
}

/**
 * Shows a value in the running cell; outside a notebook prints its plain form to stdout.
 *
 * Figures, tables, players, progress and anything with a `Symbol.for("Jupyter.display")` method
 * show themselves, arquero tables as a table, all else as text.
 */
export async function display(value: unknown, options: DisplayOptions = {}): Promise<void> {
  const kernel = kernelHook();
  if (kernel === undefined) {
    console.log(await plainForm(value));
    return;
  }
  const { displayId, update = false } = options;
  kernel.publish({
    data: await bundleOf(value),
    metadata: {},
    transient: displayId === undefined ? {} : { display_id: displayId },
    update,
  });
}

/** The MIME bundle of any value; what {@link display} sends. */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (isDisplayable(value)) return await value[DISPLAY]();
  if (isArqueroTable(value)) return await bundleOf(table(value));
  return { "text/plain": typeof value === "string" ? value : inspect(value) };
}

async function plainForm(value: unknown): Promise<string> {
  // Our own objects know their text; asking for their bundle would render a picture in vain.
  if (isDisplayObject(value)) return value.text;
  const { "text/plain": text } = await bundleOf(value);
  return typeof text === "string" ? text : inspect(value);
}
