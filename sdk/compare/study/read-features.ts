import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError } from "../../errors.ts";
import { WORK } from "../../records/run/resume.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { Chunk } from "./chunks.ts";
import { featuresOf } from "./hear-all.ts";
import { decodeNpy, type Floats } from "./npy.ts";

/**
 * The features of an arm.
 *
 * @param clips ids, in the order of the rows; one that failed has a row of NaN
 * @throws InvalidArgumentError not one clip of the study could be used
 */
export async function readFeatures(
  run: Pick<RunDirectory, "folder">,
  arm: string,
  chunks: readonly Chunk[],
  clips: readonly string[],
): Promise<Floats> {
  const rows = new Map<string, Float32Array>();
  let row: readonly number[] = [];
  for (const chunk of chunks) {
    const path = join(run.folder, WORK, featuresOf(arm, chunk.id));
    if (!existsSync(path)) continue; // every clip of the chunk failed
    const { data, shape } = decodeNpy(await readFile(path));
    row = shape.slice(1);
    const width = data.length / chunk.clips.length;
    for (const [at, id] of chunk.clips.entries()) {
      rows.set(id, data.subarray(at * width, (at + 1) * width));
    }
  }
  if (rows.size === 0) {
    throw new InvalidArgumentError(`arm ${arm}`, "able to hear one clip at least", clips.length);
  }
  const width = row.reduce((product, size) => product * size, 1);
  const data = new Float32Array(clips.length * width).fill(Number.NaN);
  for (const [at, id] of clips.entries()) {
    const found = rows.get(id);
    if (found !== undefined) data.set(found, at * width);
  }
  return { data, shape: [clips.length, ...row] };
}
