/** Displays that nobody awaits appear in the order of their calls, as slow as each of them may be. */

import { AsyncLocalStorage } from "node:async_hooks";

/** How long a display waits for those before it: one that never comes must not hold back all others. */
const PATIENCE_MS = 10_000;

/** By cell (its signal): the end of all displays so far; it never rejects. */
const lasts = new WeakMap<object, Promise<unknown>>();
/** Whether the running code makes a display: what that displays itself cannot wait for its own end. */
const making = new AsyncLocalStorage<boolean>();

/**
 * Makes something at once, and publishes it when it is made and what came before it is published.
 *
 * @param cell whose displays have an order; without one there is none
 */
export async function inOrder<T>(
  cell: object | undefined,
  make: () => Promise<T>,
  publish: (made: T) => void,
): Promise<void> {
  const made = making.run(true, make);
  if (cell === undefined || making.getStore() === true) {
    publish(await made);
    return;
  }
  const before = lasts.get(cell);
  const shown = made.then(async (it) => {
    if (before !== undefined) await settledSoon(before);
    publish(it);
  });
  // One that fails at once is not the end of a slow one before it.
  const end = Promise.allSettled([before, shown]);
  // Without its value, which would hold those of all ends before it.
  lasts.set(
    cell,
    end.then(() => undefined),
  );
  await shown;
}

async function settledSoon(work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, PATIENCE_MS);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}
