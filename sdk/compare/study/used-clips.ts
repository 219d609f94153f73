/** The clips of a study: which files they are, and what is known of them. */
import { join } from "node:path";
import { InvalidArgumentError } from "../../errors.ts";
import { hashFile } from "../../records/hash-file.ts";
import type { Dataset, ManifestRow } from "../dataset-types.ts";
import { type InspectedClip, type InspectionOptions, inspectAudio } from "../inspect-audio.ts";

/** A row of `manifest.jsonl`. */
export interface UsedClip {
  readonly id: string;
  readonly path: string;
  /** Of the file as it lies there now. */
  readonly sha256: string;
  /** Digest of the decoded samples that all arms hear; null where they cannot be decoded. */
  readonly pcm: string | null;
  readonly labels: ManifestRow["labels"];
  /** The source. */
  readonly clusterId: string;
  /** As decoded, else as the data set says. */
  readonly seconds: number | null;
  readonly split: ManifestRow["split"] | null;
  readonly fold: number | null;
}

/**
 * Hashes and decodes every file, so that a study says what was heard and not what a list promised.
 *
 * @param options `seconds`: what all arms hear of each clip
 * @throws InvalidArgumentError a file is missing, or is not the one that the data set published
 */
export async function useClips(
  { folder, rows, name }: Pick<Dataset, "folder" | "rows" | "name">,
  { seconds, bridge, signal, onProgress }: InspectionOptions,
): Promise<UsedClip[]> {
  const paths = rows.map(({ path }) => join(folder, path));
  const { clips } = await inspectAudio(paths, { seconds, bridge, signal });
  const used: UsedClip[] = [];
  for (const [done, row] of rows.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: "hash", done, total: rows.length, unit: "clips", message: "" });
    used.push(await useClip(folder, name, row, clips[done] ?? null));
  }
  return used;
}

async function useClip(
  folder: string,
  name: string,
  row: ManifestRow,
  decoded: InspectedClip | null,
): Promise<UsedClip> {
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
    pcm: decoded?.digest ?? null,
    labels,
    clusterId,
    seconds: decoded?.seconds ?? row.seconds ?? null,
    split: row.split ?? null,
    fold: row.fold ?? null,
  };
}
