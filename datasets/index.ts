import { InvalidArgumentError } from "../sdk/errors.ts";
import { openFsdd } from "./fsdd.ts";
import type { Dataset } from "./manifest.ts";
import { openSamples } from "./samples.ts";

export { openFsdd } from "./fsdd.ts";
export {
  type ClipLabels,
  type Dataset,
  type ManifestRow,
  type Verification,
  verifyDataset,
} from "./manifest.ts";
export { openSamples } from "./samples.ts";

/**
 * Opens a data set by name.
 *
 * @param spec `samples`, `fsdd:FOLDER`, or `fsdd` with its folder in GRYM_DATA_FSDD
 * @default GRYM_DATASET, else `samples`
 * @throws InvalidArgumentError there is no such data set
 */
export async function openDataset(
  spec: string = process.env["GRYM_DATASET"] || "samples",
): Promise<Dataset> {
  const [name, ...rest] = spec.split(":");
  const folder = rest.join(":") || process.env["GRYM_DATA_FSDD"];
  if (name === "samples" && rest.length === 0) return await openSamples();
  if (name === "fsdd" && folder) return await openFsdd(folder);
  const forms = "`samples`, `fsdd:FOLDER`, or `fsdd` with its folder in GRYM_DATA_FSDD";
  throw new InvalidArgumentError("data set", forms, spec);
}
