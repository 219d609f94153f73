/** Do a clip's features depend on which clips it is heard with? Padding can make them (group norm). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallOptions } from "../../bridge/call-options.ts";
import { WORK } from "../../records/run/resume.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import { StudyRefusedError } from "../study-refused-error.ts";
import type { ArmModels } from "./arm-models.ts";
import { featuresOf, type Hearing, toFile } from "./hear-all.ts";
import { hearChunk } from "./hear-chunk.ts";
import { decodeNpy } from "./npy.ts";

/** Clips that are heard again, alone. */
const CLIPS = 4;
/** Of the largest number; float32 adds in another order in another batch. */
const MOST = 1e-4;

/** A line of the journal: the largest difference of a number, as a share of the largest number. */
export interface NeighbourNote {
  readonly arm: string;
  readonly difference: number;
  readonly clips: number;
}

/**
 * Hears some clips of the first chunk again, alone, and holds the features beside those of the chunk.
 *
 * @throws StudyRefusedError they differ by more than rounding
 */
export async function checkNeighbours(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  { signal }: CallOptions,
): Promise<void> {
  const { arms, chunks, clips } = hearing;
  const isChecked = new Set(
    run.history.flatMap(({ kind, arm }) => (kind === "neighbours" ? String(arm) : [])),
  );
  const [chunk] = chunks;
  if (chunk === undefined) return;
  const step = Math.max(1, Math.floor(chunk.clips.length / CLIPS));
  const places = [...chunk.clips.keys()].filter((at) => at % step === 0).slice(0, CLIPS);
  for (const arm of arms.filter(({ id, reads }) => reads.by === "features" && !isChecked.has(id))) {
    const path = join(run.folder, WORK, featuresOf(arm.id, chunk.id));
    const together = await readFile(path).then(decodeNpy, ignoreMissing);
    if (together === undefined) continue; // every clip of the chunk failed
    const width = together.data.length / chunk.clips.length;
    let [difference, compared] = [0, 0];
    for (const at of places) {
      const clip = clips.find(({ id }) => id === chunk.clips[at]);
      if (clip === undefined) continue;
      const file = toFile(hearing, clip);
      const { features } = await hearChunk(models.of(arm), arm.reads, [file], {
        signal,
        cache: hearing.cache,
      });
      if (features === undefined) continue;
      const row = together.data.subarray(at * width, (at + 1) * width);
      const largest = row.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const apart = row.reduce(
        (most, value, index) => Math.max(most, Math.abs(value - (features.data[index] ?? 0))),
        0,
      );
      difference = Math.max(difference, largest === 0 ? apart : apart / largest);
      compared += 1;
    }
    const note: NeighbourNote = { arm: arm.id, difference, clips: compared };
    await run.note("neighbours", note);
    if (difference > MOST) {
      const expected =
        "whose features do not depend on their neighbours: give `crop` the length of the shortest clip, " +
        "so that nothing is padded";
      throw new StudyRefusedError(`arm ${arm.id}`, expected, difference);
    }
  }
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}
