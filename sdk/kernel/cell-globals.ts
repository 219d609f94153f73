/**
 * Types of what every cell has without importing it. Apart from what makes it, so that the language server
 * reads nothing of the kernel and its display for the types of a cell.
 */

import type { DisplayOptions } from "../display/kernel-hook.ts";

/** The global `display`: shows a value in the output of the cell. */
export type Display = (value: unknown, options?: DisplayOptions) => Promise<void>;

/** Options of the global `input`. */
export interface InputOptions {
  /** Hides what the user types. @default false */
  readonly password?: boolean;
}

/**
 * The global `input`: the line that the user enters.
 *
 * @throws StdinNotImplementedError when the front end does not allow it, or the cell has ended.
 */
export type Input = (prompt?: unknown, options?: InputOptions) => Promise<string>;
