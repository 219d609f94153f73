/** Waiting with an end. */

/** What the promise gives, or undefined when it takes longer; its own failure is passed on. */
export function within<T>(promise: Promise<T>, limitMs: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, limitMs, undefined);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
