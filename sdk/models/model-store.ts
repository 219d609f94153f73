import type { CallOptions } from "../bridge/call-options.ts";
import { GAMABridge } from "../bridge/gama-bridge.ts";
import type { StoredModel as WireStoredModel } from "../bridge/protocol.gen.ts";
import { showAs } from "../shown-object.ts";

// A download waits for the network, and may not notice for long that it was given up; ending it loses nothing.
const CANCEL_GRACE_MS = 500;

/** A model of the store. */
export interface StoredModel {
  readonly name: string;
  /** `unfinished`: its download goes on when asked for again; `damaged`: its manifest cannot be read. */
  readonly state: WireStoredModel["state"];
  readonly folder: string;
  /** `model_type` of its config.json. */
  readonly family: string | null;
  /** Of models of that family, before one is loaded; empty where they cannot be loaded here. */
  readonly capabilities: WireStoredModel["capabilities"];
  /** `hub:owner/name`, or the folder that was added. */
  readonly source: string;
  readonly revision: string | null;
  /** Bytes of its files in the store. */
  readonly size: number;
  /** Bytes of its files that lie in the folder that was added. */
  readonly linkedSize: number;
  readonly files: number;
}

/** What verifying found. */
export interface ModelVerdict {
  readonly model: StoredModel;
  /** What is wrong, where, and what to do; empty when nothing is. */
  readonly problems: readonly string[];
  readonly bytesRead: number;
  /** In the safetensors files; 0 where a problem stood before. */
  readonly tensors: number;
  /** What names and shapes make; null where a problem stood before, or the family is unknown. */
  readonly structure: string | null;
}

/** The store of models, and what is in it. */
export interface ModelStore {
  /** `GRYM_CACHE/models`, by default `~/.cache/grym-synth/models`. */
  readonly folder: string;
  /** By name, unfinished downloads too. */
  readonly models: readonly StoredModel[];
  /** Bytes that are free there. */
  readonly free: number;
}

/** What the store holds. */
export async function listModels(options: CallOptions = {}): Promise<ModelStore> {
  const listed = await apart((bridge) => bridge.executeOperation("list_models", {}, options));
  const store = { ...listed, models: listed.models.map(toStoredModel) };
  return showAs(store, async (it) => (await import("./shown-store.ts")).storeBundle(it));
}

/**
 * Deletes a model of the store, or what an unfinished download has left; never a folder that was added.
 *
 * @returns bytes that became free
 * @throws OperationFailedError `model_not_found`
 */
export async function removeModel(name: string, options: CallOptions = {}): Promise<number> {
  const data = { name };
  return (await apart((bridge) => bridge.executeOperation("remove_model", data, options))).freed;
}

/** Runs work in a process of its own, which is gone when it is done: what takes hours keeps no model waiting. */
export async function apart<Result>(
  work: (bridge: GAMABridge) => Promise<Result>,
): Promise<Result> {
  await using bridge = new GAMABridge({ plane: "json", cancelGraceMs: CANCEL_GRACE_MS });
  return await work(bridge);
}

export function toStoredModel({ linked_size, ...model }: WireStoredModel): StoredModel {
  const stored = { ...model, linkedSize: linked_size };
  return showAs(stored, async (it) => (await import("./shown-store.ts")).storedModelBundle(it));
}
