/** Says what `createHook().enable()` costs: an interrupt inside a timer would abort the process. */

import { createHook } from "node:async_hooks";

/**
 * Warns of each hook that is enabled. `--no-force-async-hooks-checks` keeps Node from checking its stack of
 * contexts after an interrupt; an enabled hook brings the check back. `AsyncLocalStorage` enables none.
 *
 * @param warn receives the text, in the asynchronous context of the cell.
 */
export function guardAsyncHooks(warn: (text: string) => void): void {
  const prototype: { enable(): unknown } = Object.getPrototypeOf(createHook({}));
  const { enable } = prototype;
  prototype.enable = function (this: unknown) {
    warn(
      "An async hook is enabled: an interrupt that finds a timer's callback running would end the " +
        "kernel process with all variables. AsyncLocalStorage is safe; hook.disable() ends the danger.\n",
    );
    return enable.call(this);
  };
}
