import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import { noteUnloaded } from "../models/loaded-models.ts";
import { showAs } from "../shown-object.ts";

/** What is given back. */
export interface ReleaseOptions {
  /**
   * Ids of models to unload as well, or all. Services load theirs again when they are next used.
   * @default none
   */
  readonly models?: readonly string[] | "all" | undefined;
}

/** What was given back, and what stays; bytes of the Python process. */
export interface ReleasedResources {
  /** Ids of the models that were unloaded. */
  readonly unloaded: readonly string[];
  readonly before: number;
  readonly after: number;
  /** before - after. */
  readonly released: number;
  /** Of `after`: Python, libraries, models still loaded. */
  readonly anonymous: number;
  /** Of `after`: pages of mapped files: libraries, mapped weights. */
  readonly fileMapped: number;
  /** Of `after`: the arenas. */
  readonly shared: number;
}

const NOTHING: ReleasedResources = {
  unloaded: [],
  before: 0,
  after: 0,
  released: 0,
  anonymous: 0,
  fileMapped: 0,
  shared: 0,
};

/** Frees the process of a bridge; one that does not run holds nothing. */
export async function releaseResources(
  bridge: GAMABridge,
  { models = [] }: ReleaseOptions,
  call: CallOptions,
): Promise<ReleasedResources> {
  if (bridge.processNumber === 0) return showAs({ ...NOTHING }, releasedBundle);
  const named =
    models === "all"
      ? (await bridge.executeOperation("status", {}, call)).models.map(({ model_id }) => model_id)
      : models;
  const freed = bridge.executeOperation("free_memory", { models: [...named] }, call);
  // Before the answer: what a service asks in the meantime is worked after this, without the model.
  noteUnloaded(bridge, named);
  const { unloaded, anonymous, file_mapped, shared, memory_usage } = await freed;
  const { start_memory: before, end_memory: after } = memory_usage;
  const freedResources: ReleasedResources = {
    unloaded,
    before,
    after,
    released: before - after,
    anonymous,
    fileMapped: file_mapped,
    shared,
  };
  return showAs(freedResources, releasedBundle);
}

function releasedBundle({ unloaded, ...bytes }: ReleasedResources): MimeBundle {
  const mebibytes = Object.entries(bytes).map(([name, value]) => [`${name}, MiB`, value / 2 ** 20]);
  return factsBundle(`Released ${(bytes.released / 2 ** 20).toFixed(0)} MiB`, {
    unloaded,
    ...Object.fromEntries(mebibytes),
  });
}
