/**
 * What a library may know of the kernel: how a value shows itself, and the hook of a running
 * kernel. The kernel itself is a program, `main.ts`.
 */

export {
  type DisplayMessage,
  type DisplayOptions,
  KERNEL,
  type KernelHook,
} from "../display/kernel-hook.ts";
export { DISPLAY, type MimeBundle } from "../display/mime.ts";
export type { Display, Input, InputOptions } from "./cell-globals.ts";
export type { Comm, CommExtras, CommMessage, CommTarget } from "./comms.ts";
