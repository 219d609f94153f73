import { CallTimeoutError } from "../errors.ts";
import type { CallOptions } from "./call-options.ts";
import type { Ready } from "./protocol.gen.ts";

/** Who waits for the process to be ready, and for nothing else. */
export class ReadyWaiters {
  readonly #waiters = new Set<PromiseWithResolvers<Ready>>();

  get count(): number {
    return this.#waiters.size;
  }

  /** Resolves with what the process says of itself; rejects when it cannot, or when the caller gives up. */
  async add({ signal, timeoutMs }: Pick<CallOptions, "signal" | "timeoutMs">): Promise<Ready> {
    const waiter = Promise.withResolvers<Ready>();
    this.#waiters.add(waiter);
    const onAbort = (): void => waiter.reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => waiter.reject(new CallTimeoutError("initialize", timeoutMs)), timeoutMs);
    try {
      return await waiter.promise;
    } finally {
      this.#waiters.delete(waiter);
      signal?.removeEventListener("abort", onAbort);
      clearTimeout(timer);
    }
  }

  resolve(ready: Ready): void {
    for (const waiter of this.#take()) waiter.resolve(ready);
  }

  /** @param reason for each an error of its own: it gets that caller's stack */
  reject(reason: () => unknown): void {
    for (const waiter of this.#take()) waiter.reject(reason());
  }

  /** At once: whether anyone waits is asked before the callers go on. */
  #take(): PromiseWithResolvers<Ready>[] {
    const waiters = [...this.#waiters];
    this.#waiters.clear();
    return waiters;
  }
}
