import { toFilter } from "../core/pattern-criteria.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import type { Collection } from "./collection.ts";
import type { PatternRow } from "./pattern-rows.ts";
import type { StoreRequest } from "./write-queue.ts";

/** Requests that the limit has room for, in their order; the others are refused. */
export async function admit(
  collection: Collection,
  requests: readonly StoreRequest<PatternRow>[],
  maxPatterns: number,
): Promise<readonly StoreRequest<PatternRow>[]> {
  if (maxPatterns === Number.POSITIVE_INFINITY) return requests;
  const ids = requests.flatMap(({ rows }) => rows.map(({ pattern }) => pattern.id));
  const known = new Set(await collection.readIds(toFilter({ ids })));
  let count = await collection.count();
  return requests.filter(({ rows, reject }) => {
    const added = new Set(rows.map(({ pattern }) => pattern.id).filter((id) => !known.has(id)));
    if (count + added.size > maxPatterns) {
      reject(limitReached(maxPatterns, collection.path));
      return false;
    }
    count += added.size;
    for (const id of added) known.add(id);
    return true;
  });
}

function limitReached(maxPatterns: number, folder: string): FeatureMemoryError {
  return new FeatureMemoryError(
    "store_limit",
    `The store in ${folder} holds up to ${maxPatterns} patterns, as \`maxPatterns\` says. Delete some, or allow more.`,
    { maxPatterns },
  );
}
