import type { LoadModelData, Operations } from "./protocol.gen.ts";

type Answer<Name extends keyof Operations> = Operations[Name]["result"];

/** What the process was told to load, in that order: a new process is told the same. */
export class ModelRecord {
  readonly #loads = new Map<string, LoadModelData>();
  /** Processes that died while they loaded a model again. */
  readonly #attempts = new WeakMap<object, number>();

  /** Whether a request changes which models are loaded. */
  static concerns(operation: string): boolean {
    return ["load_model", "unload_model", "free_memory"].includes(operation);
  }

  /** Takes note of an answered request. */
  note(operation: string, data: object, result: unknown): void {
    if (operation === "load_model") {
      const { model } = result as Answer<"load_model">;
      this.#loads.delete(model.model_id);
      this.#loads.set(model.model_id, data as LoadModelData);
      this.#attempts.delete(data); // it can be loaded: what died before did not die of it
    } else if (operation === "unload_model") {
      this.#loads.delete((data as Operations["unload_model"]["data"]).model_id);
    } else if (operation === "free_memory") {
      for (const id of (result as Answer<"free_memory">).unloaded) this.#loads.delete(id);
    }
  }

  get loads(): readonly LoadModelData[] {
    return [...this.#loads.values()];
  }

  /** @returns processes that died while they loaded it again, with these */
  noteAttempts(load: object | undefined, attempts: number): number {
    if (load === undefined) return attempts;
    const total = (this.#attempts.get(load) ?? 0) + attempts;
    this.#attempts.set(load, total);
    return total;
  }

  /** It cannot be loaded again. */
  forget(data: object): void {
    for (const [id, load] of this.#loads) if (load === data) this.#loads.delete(id);
  }
}
