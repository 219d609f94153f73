import { InvalidArgumentError } from "../sdk/errors.ts";
import type { ClassLabels, Dataset, ManifestRow } from "./manifest.ts";

/**
 * The same data set, whose clips all have a class.
 *
 * @throws InvalidArgumentError a clip has none
 */
export function requireClasses(dataset: Dataset): Dataset<ClassLabels> {
  const hasClass = (row: ManifestRow): row is ManifestRow<ClassLabels> =>
    typeof row.labels.class === "string";
  const bare = dataset.rows.find((row) => !hasClass(row));
  if (bare !== undefined) {
    throw new InvalidArgumentError(
      `labels.class of ${bare.id}`,
      `some text: each clip of ${dataset.name} needs a class here`,
      undefined,
    );
  }
  return { ...dataset, rows: dataset.rows.filter(hasClass) };
}
