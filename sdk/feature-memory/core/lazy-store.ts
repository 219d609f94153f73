import { type OpenedStore, openStore } from "./opened-store.ts";
import type { PatternStorageOptions } from "./types.ts";

/** A store that opens with the first call that needs it. */
export class LazyStore {
  /** Absolute. */
  readonly folder: string;
  readonly model: PatternStorageOptions["model"];
  readonly #maxScanBytes: number;
  #opening: Promise<OpenedStore> | undefined;
  #opened: OpenedStore | undefined;

  constructor(folder: string, model: PatternStorageOptions["model"], maxScanBytes: number) {
    this.folder = folder;
    this.model = model;
    this.#maxScanBytes = maxScanBytes;
  }

  /** Undefined until `open` has resolved. */
  get opened(): OpenedStore | undefined {
    return this.#opened;
  }

  /** Opens the store once, whoever asks. */
  async open(): Promise<OpenedStore> {
    this.#opening ??= this.#openNow().catch((error: unknown) => {
      // The next verb tries again: rights and room can be given.
      this.#opening = undefined;
      throw error;
    });
    return await this.#opening;
  }

  /** Nothing may be under way any more. */
  async close(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    opened?.search.scan.clear();
    opened?.collection.close();
  }

  async #openNow(): Promise<OpenedStore> {
    this.#opened = await openStore(this.folder, this.model, this.#maxScanBytes);
    return this.#opened;
  }
}
