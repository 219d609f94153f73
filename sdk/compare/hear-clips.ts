import { join } from "node:path";
import type { ErrorCode } from "../bridge/protocol.gen.ts";
import { hashFile } from "../records/hash-file.ts";
import type { HeardClip } from "../records/run/merkle.ts";
import type { Dataset } from "./dataset-types.ts";
import { type InspectionOptions, inspectAudio } from "./inspect-audio.ts";

/** A clip that no arm can hear. */
export interface UnheardClip {
  readonly id: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** The clips of a data set as the digest of a run's data knows them. */
export interface HeardClips {
  /** In the order of the rows, without those whose file is missing; `pcm` is null where it is damaged. */
  readonly clips: readonly HeardClip[];
  readonly unheard: readonly UnheardClip[];
}

/**
 * Decodes every clip of a data set, for `dataRoot` and `checkLeakage`. Files without a published checksum
 * are hashed.
 *
 * @param options `seconds`: what all arms hear of each clip
 */
export async function hearClips(
  { folder, rows }: Pick<Dataset, "folder" | "rows">,
  options: InspectionOptions = {},
): Promise<HeardClips> {
  const paths = rows.map(({ path }) => join(folder, path));
  const { clips: found, failures } = await inspectAudio(paths, options);
  const failed = new Map(failures.map(({ index, ...failure }) => [index, failure]));
  const clips: HeardClip[] = [];
  const unheard: UnheardClip[] = [];
  for (const [index, { id, path, sha256 }] of rows.entries()) {
    options.signal?.throwIfAborted();
    const failure = failed.get(index);
    if (failure !== undefined) unheard.push({ id, code: failure.code, reason: failure.message });
    if (failure?.code === "audio_not_found") continue;
    const pcm = found[index]?.digest ?? null;
    clips.push({ id, sha256: sha256 ?? (await hashFile(join(folder, path))), pcm });
  }
  return { clips, unheard };
}
