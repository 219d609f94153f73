import { join } from "node:path";
import type { Progress } from "../sdk/bridge/call-options.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { hashFile } from "../sdk/records/hash-file.ts";
import type { ClipLabels, Dataset } from "./manifest.ts";

/** What long work over files takes. */
export interface FileWork {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/**
 * The same data set with the sha256 of every file, as the files are now.
 *
 * @throws InvalidArgumentError a file cannot be read: `validateDataset` names all that are missing
 */
export async function hashRows<Labels extends ClipLabels>(
  dataset: Dataset<Labels>,
  { signal, onProgress }: FileWork = {},
): Promise<Dataset<Labels>> {
  const rows = [];
  for (const row of dataset.rows) {
    signal?.throwIfAborted();
    rows.push({ ...row, sha256: await hashOrRefuse(join(dataset.folder, row.path)) });
    const total = dataset.rows.length;
    onProgress?.({ stage: "hash", done: rows.length, total, unit: "files", message: "" });
  }
  return { ...dataset, rows };
}

async function hashOrRefuse(path: string): Promise<string> {
  try {
    return await hashFile(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new InvalidArgumentError("path", `a file that can be read (${error.code})`, path);
  }
}
