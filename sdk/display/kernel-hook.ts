import type { Comm, CommExtras, CommTarget } from "../kernel/comms.ts";
import type { KernelSettings } from "../kernel/types/type-policy.ts";
import type { JsonObject } from "../kernel/wire-message.ts";
import { inOrder } from "./display-order.ts";
import type { MimeBundle } from "./mime.ts";
import { tslabHook } from "./tslab-hook.ts";

/** Global property under which libraries find the kernel that runs them. */
export const KERNEL: unique symbol = Symbol.for("grym-synth.kernel");

/** One `display_data` or `update_display_data` message. */
export interface DisplayMessage {
  readonly data: MimeBundle;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** A display with an id can be updated in place. */
  readonly transient?: { readonly display_id?: string };
  /** Replaces what the same `display_id` shows. @default false */
  readonly update?: boolean;
}

export interface DisplayOptions {
  /** Names the output, so that a later call can replace it. */
  readonly displayId?: string;
  /**
   * Replace the outputs named `displayId` instead of adding a new one.
   * @default false
   */
  readonly update?: boolean;
  /**
   * The value is a MIME bundle already.
   * @default false
   */
  readonly raw?: boolean;
  /** MIME type → facts for the front end, beside those of the bundle. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** What a library may ask of the kernel, found at `globalThis[Symbol.for("grym-synth.kernel")]`. */
export interface KernelHook {
  publish(message: DisplayMessage): void;
  /** Empties the output of the cell; with `wait`, when the next output arrives. */
  clearOutput(wait?: boolean): void;
  /** Shows text beside the notebook, in front ends that have a pager. */
  page(data: MimeBundle): void;
  /**
   * The cell to which the running code belongs does not end before this work does, or ten seconds have
   * passed: what it shows after its end is lost in front ends without a window.
   */
  hold(work: Promise<unknown>): void;
  /** Opens a channel to an object of the front end (a widget, say). */
  comm(target: string, data?: JsonObject, extras?: CommExtras & { readonly id?: string }): Comm;
  /** Listens for channels that the front end opens. */
  onComm(target: string, listener: CommTarget): void;
  /** Settings of the kernel, from the next cell on. @throws TypeError for a setting that there is not */
  options(settings: KernelSettings): void;
  /** Aborts when the cell to which the running code belongs is interrupted. */
  readonly signal: AbortSignal | undefined;
}

/** The kernel that this code runs in, or undefined in a plain Node process. */
export function kernelHook(): KernelHook | undefined {
  const hooks = globalThis as { [key: symbol]: unknown };
  return hooks[KERNEL] as KernelHook | undefined; // the kernel's own contract
}

/** What it takes to show something. */
export type DisplayHook = Pick<KernelHook, "publish" | "hold"> &
  Partial<Pick<KernelHook, "signal">>;

/** Where this code can show something: our kernel, or tslab, which can do no more. */
export function displayHook(): DisplayHook | undefined {
  return kernelHook() ?? tslabHook();
}

/** The message that shows a bundle. */
export function toMessage(data: MimeBundle, options: DisplayOptions): DisplayMessage {
  const { displayId, update = false, metadata = {} } = options;
  return {
    data,
    metadata,
    transient: displayId === undefined ? {} : { display_id: displayId },
    update,
  };
}

/** Publishes a message when it is made, after those of earlier calls; the cell waits for it. */
export async function publishWhenMade(
  kernel: DisplayHook,
  message: () => Promise<DisplayMessage>,
): Promise<void> {
  const shown = inOrder(kernel.signal, message, (made) => kernel.publish(made));
  kernel.hold(shown);
  // A promise of its own: an error that nobody handles is still one, though the cell has waited.
  await shown;
}
