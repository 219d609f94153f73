import { InvalidArgumentError } from "../../errors.ts";
import type { Search } from "../storage/pattern-search.ts";
import { requireCount } from "./check-options.ts";
import { requireObject, toFilter } from "./pattern-criteria.ts";
import { validateQuery } from "./pattern-validator.ts";
import type { PatternQuery, PatternStorageOptions, SearchOptions } from "./types.ts";

const DEFAULT_LIMIT = 10;

/**
 * What is searched for, checked, and as it is now: the caller may go on changing what they gave.
 *
 * @param model of the store
 * @throws FeatureMemoryError as `validateQuery`; InvalidArgumentError an option that is none
 */
export function prepareSearch(
  query: PatternQuery,
  options: SearchOptions,
  model: PatternStorageOptions["model"],
): Search {
  requireObject("options", options);
  const { limit = DEFAULT_LIMIT, minSimilarity = -1, where, exclude, excludeLabels } = options;
  requireCount("limit", limit);
  if (!Number.isFinite(minSimilarity)) {
    throw new InvalidArgumentError("minSimilarity", "a cosine, from -1 to 1", minSimilarity);
  }
  validateQuery(query, model);
  return {
    vector: (query instanceof Float32Array ? query : query.features).slice(),
    limit,
    minSimilarity,
    filter: toFilter(where, { excludeLabels }),
    filterWithIds: toFilter(where, { exclude, excludeLabels }),
    exclude: [...(exclude ?? [])],
  };
}
