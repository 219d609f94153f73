/**
 * What a library may know of the kernel: how a value shows itself, and the hook of a running
 * kernel. The kernel itself is a program, `main.ts`.
 */

export type { Comm, CommExtras, CommMessage, CommTarget } from "./comms.ts";
export {
  DISPLAY,
  type Display,
  type DisplayMessage,
  type DisplayOptions,
  KERNEL,
  type KernelHook,
  type MimeBundle,
} from "./display.ts";
export type { Input, InputOptions } from "./input.ts";
