import { Collection } from "../storage/collection.ts";
import { PatternSearch } from "../storage/pattern-search.ts";
import { Upkeep } from "../storage/upkeep.ts";
import type { PatternStorageOptions, StorageMetrics } from "./types.ts";

/** What is open between `initialize` and `close`. */
export interface OpenedStore {
  readonly collection: Collection;
  readonly search: PatternSearch;
  readonly upkeep: Upkeep;
}

/** Opens a store, or makes it; what was found damaged is told as a warning. */
export async function openStore(
  folder: string,
  model: PatternStorageOptions["model"],
  maxScanBytes: number,
): Promise<OpenedStore> {
  const collection = await Collection.open(folder, model);
  for (const { version, damage } of collection.repairs) {
    console.warn(
      `${collection.path}: version ${version} is damaged (${damage}) and was moved to _damaged; the version before it is open. What was stored last may be missing: store it again.`,
    );
  }
  const search = new PatternSearch(collection, model.dimension, maxScanBytes);
  const upkeep = await Upkeep.begin(collection, (version) => search.scan.apply(version, {}));
  return { collection, search, upkeep };
}

/** The state of a store. */
export async function readMetrics(
  { collection, search, upkeep }: OpenedStore,
  commits: number,
): Promise<StorageMetrics> {
  const [totalPatterns, { bytes, versions }, fits] = await Promise.all([
    collection.count(),
    collection.sizes(),
    search.fitsMemory(),
  ]);
  return {
    totalPatterns,
    memoryUsage: search.scan.bytes,
    avgQueryTime: search.times.average,
    cacheHitRate: search.times.hitRate,
    compressionRatio: (totalPatterns * search.vectorBytes) / Math.max(1, bytes),
    bytesOnDisk: bytes,
    versions,
    queries: search.times.count,
    commits,
    search: fits ? "memory" : "disk",
    upkeep: { runs: upkeep.runs, lastError: upkeep.lastError },
    repairs: collection.repairs,
  };
}
