import { LineClient } from "../bridge/line-client.ts";

/** What a pass over the set gave. */
export interface Pass {
  readonly seconds: number;
  /** Highest resident memory meanwhile, bytes. */
  readonly peak: number;
  /** Share of the frames that stand for no sound; null where the way does not tell. */
  readonly padding: number | null;
  /** One a clip. */
  readonly rows: readonly (readonly number[])[];
}

/** `benchmarks/peers/extraction_peer.py`, which embeds one way. */
export class Peer implements AsyncDisposable {
  readonly #client = new LineClient("extraction_peer.py");

  async ask<T>(operation: string, data: object): Promise<T> {
    return (await this.#client.ask(operation, data)) as T; // our own script, beside this folder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
