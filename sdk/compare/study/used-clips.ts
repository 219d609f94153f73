/** The clips of a study: which files they are, and what is known of them. */
import { join } from "node:path";
import type { CallOptions } from "../../bridge/call-options.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { hashFile } from "../../records/hash-file.ts";
import type { Dataset, ManifestRow } from "../dataset-types.ts";

/** A row of `manifest.jsonl`. */
export interface UsedClip {
  readonly id: string;
  readonly path: string;
  /** Of the file as it lies there now. */
  readonly sha256: string;
  /** Nobody but the process decodes, and it tells no digest. */
  readonly pcm: null;
  readonly labels: ManifestRow["labels"];
  /** The source. */
  readonly clusterId: string;
  readonly seconds: number | null;
  readonly split: ManifestRow["split"] | null;
  readonly fold: number | null;
  readonly speaker: string | null;
  readonly freesoundId: string | null;
}

/**
 * Hashes every file, so that a study says what was heard and not what a list promised.
 *
 * @throws InvalidArgumentError a file is missing, or is not the one that the data set published
 */
export async function useClips(
  { folder, rows, name }: Pick<Dataset, "folder" | "rows" | "name">,
  { signal, onProgress }: CallOptions,
): Promise<UsedClip[]> {
  const used: UsedClip[] = [];
  for (const [done, row] of rows.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: "hash", done, total: rows.length, unit: "clips", message: "" });
    used.push(await useClip(folder, name, row));
  }
  return used;
}

async function useClip(folder: string, name: string, row: ManifestRow): Promise<UsedClip> {
  const { id, path, labels, clusterId } = row;
  const digest = await hashFile(join(folder, path)).catch((cause: Error) => {
    const expected = `a file that can be read (${cause.message}); \`validateDataset\` lists all`;
    throw new InvalidArgumentError(`${path} of ${name}`, expected, path);
  });
  if (row.sha256 !== undefined && row.sha256 !== digest) {
    const expected = `the published file (sha256 ${row.sha256}); \`validateDataset\` lists all`;
    throw new InvalidArgumentError(`${path} of ${name}`, expected, digest);
  }
  return {
    id,
    path,
    sha256: digest,
    pcm: null,
    labels,
    clusterId,
    seconds: row.seconds ?? null,
    split: row.split ?? null,
    fold: row.fold ?? null,
    speaker: row.speaker ?? null,
    freesoundId: row.freesoundId ?? null,
  };
}
