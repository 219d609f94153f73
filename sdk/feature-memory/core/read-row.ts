import { FeatureMemoryError } from "../feature-memory-error.ts";
import type { Collection } from "../storage/collection.ts";
import type { PatternRow } from "../storage/pattern-rows.ts";
import { toFilter } from "./pattern-criteria.ts";

/** @throws FeatureMemoryError pattern_not_found */
export async function readRow(
  collection: Collection,
  id: string,
  folder: string,
): Promise<PatternRow> {
  const [row] = await collection.read(toFilter({ ids: [id] }) ?? "false");
  if (row === undefined) throw notFound(id, folder);
  return row;
}

export function notFound(id: string, folder: string): FeatureMemoryError {
  const message = `There is no pattern ${JSON.stringify(id)} in ${folder}`;
  return new FeatureMemoryError("pattern_not_found", message, { id });
}
