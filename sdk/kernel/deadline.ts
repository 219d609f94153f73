/** Waiting with an end. */

/** How long a server that starts on a busy machine may take. */
const TYPES_LIMIT_MS = 5000;
/** How long the main thread is waited for when the types have told enough: native code lets nobody in. */
const LIVE_LIMIT_MS = 150;
/** … and when they have told nothing. */
const LIVE_ALONE_LIMIT_MS = 1000;

/**
 * What the promise gives, or undefined when it takes longer; its own failure is passed on.
 *
 * @param signal ends the waiting early
 */
export function within<T>(
  promise: Promise<T>,
  limitMs: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined);
    const timer = setTimeout(giveUp, limitMs);
    if (signal?.aborted) giveUp();
    signal?.addEventListener("abort", giveUp);
    promise.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    });
  });
}

/** What the types and what the live values say, each undefined where it is not there in time. */
export async function firstAnswers<T, L>(
  types: Promise<T>,
  live: Promise<L>,
  isEnough: (types: T) => boolean,
): Promise<readonly [T | undefined, L | undefined]> {
  const began = performance.now();
  const typed = await within(types, TYPES_LIMIT_MS);
  const limitMs = typed !== undefined && isEnough(typed) ? LIVE_LIMIT_MS : LIVE_ALONE_LIMIT_MS;
  const restMs = Math.max(0, limitMs - (performance.now() - began));
  return [typed, await within(live, restMs)];
}
