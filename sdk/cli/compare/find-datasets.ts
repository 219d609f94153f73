import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { StudyTools } from "../../compare/study-file.ts";
import { ROOT } from "../kernel-spec.mjs";
import { UsageError } from "../usage-error.ts";

/** Opens a data set by name or folder. */
export type OpenDataset = StudyTools["openDataset"];

/**
 * The data sets of the clone. By path and only when asked: the SDK knows none of them.
 *
 * @throws UsageError it does not lie in a clone
 */
export const openDataset: OpenDataset = async (spec, options) => {
  const file = join(ROOT, "datasets", "index.ts");
  if (!existsSync(file)) {
    throw new UsageError(`data sets by name need the whole repository: there is no ${file}`);
  }
  const datasets = (await import(pathToFileURL(file).href)) as { openDataset: OpenDataset };
  return await datasets.openDataset(spec, options);
};
