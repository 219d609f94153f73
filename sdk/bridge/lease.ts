import { ClosedError } from "../errors.ts";
import type { LeasedMemory } from "./result-memory.ts";

/**
 * A result whose arrays lie in memory that is used again.
 *
 * @example
 * using lease = await bridge.lease("extract_features", { audio, model: "fbank" });
 * const { features } = lease.result; // not to be looked at after the end of the block
 */
export class Lease<Result> implements Disposable {
  readonly #memory: LeasedMemory;
  #result: { readonly value: Result } | undefined;

  constructor(value: Result, memory: LeasedMemory) {
    this.#result = { value };
    this.#memory = memory;
  }

  /** @throws ClosedError the lease is over */
  get result(): Result {
    if (this.#result === undefined) throw new ClosedError("lease");
    return this.#result.value;
  }

  /** Ends the lease: the next results are written into its memory. */
  [Symbol.dispose](): void {
    this.#result = undefined;
    this.#memory.release();
  }
}
