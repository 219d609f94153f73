/** Copies of the study's own clips, which a search for near duplicates must find. */
import { join, resolve } from "node:path";
import { encodeWav } from "../../audio/wav.ts";
import type { CallOptions } from "../../bridge/call-options.ts";
import { sha256 } from "../../records/run/canonical-json.ts";
import { WORK } from "../../records/run/resume.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import { type Chunk, makeChunks } from "./chunks.ts";
import { featuresOf, type Hearing, toFile } from "./hear-all.ts";
import { hearChunk } from "./hear-chunk.ts";
import { encodeNpy } from "./npy.ts";
import { streamSeed } from "./stream-seed.ts";
import type { UsedClip } from "./used-clips.ts";

/** A planted copy of a clip. */
export interface Copy {
  readonly id: string;
  readonly original: UsedClip;
}

/** As many as tell 95 % from less, roughly; each is heard by every arm. */
const COPIES = 24;

/** In an order that the seed draws; of a source the second comes when every source had one. */
export function chooseCopies(clips: readonly UsedClip[], seed: number): Copy[] {
  const drawn = clips
    .filter(({ pcm }) => pcm !== null)
    .map((clip) => ({ clip, key: sha256(`${seed}\0copies\0${clip.id}`) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const turns = new Map<string, number>();
  return drawn
    .map(({ clip }) => {
      const turn = turns.get(clip.clusterId) ?? 0;
      turns.set(clip.clusterId, turn + 1);
      return { clip, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .slice(0, COPIES)
    .map(({ clip }, index) => ({ id: `copy.${String(index).padStart(3, "0")}`, original: clip }));
}

/** In chunks of their own: what stands beside the clips of the study does not change. */
export function chunkCopies(copies: readonly Copy[], cropSeconds: number | null): Chunk[] {
  const rows = copies.map(({ id, original }) => ({ id, seconds: original.seconds }));
  return makeChunks(rows, cropSeconds).map((chunk) => ({ ...chunk, id: `copies.${chunk.id}` }));
}

/** Writes them as files of 16 bits, behind those that an earlier life has written. */
export async function plantCopies(
  run: RunDirectory,
  models: ArmModels,
  study: Hearing,
  seed: number,
  copies: readonly Copy[],
  { signal, onProgress }: CallOptions,
): Promise<void> {
  const { length: total } = copies;
  for (const [done, { id, original }] of copies.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: "plant", done, total, unit: "copies", message: "" });
    if (run.chunks.has(`plant ${id}`)) continue;
    const { path, seconds } = toFile(study, original);
    const { samples, sample_rate } = await models.bridge.executeOperation(
      "plant_copy",
      {
        audio: resolve(path),
        seed: streamSeed(seed, id),
        ...(seconds === null ? {} : { duration: seconds }),
      },
      { signal },
    );
    const [, frames = 0] = samples.shape;
    const all = Float32Array.from(samples.data as Float32Array); // as the protocol says
    const channels = Array.from({ length: samples.shape[0] ?? 0 }, (_, channel) =>
      all.subarray(channel * frames, (channel + 1) * frames),
    );
    const wav = encodeWav(channels, sample_rate, "int16");
    await run.appendChunk(`plant ${id}`, {}, { [fileOf(id)]: wav });
  }
  onProgress?.({ stage: "plant", done: total, total, unit: "copies", message: "" });
}

export async function hearCopies(
  run: RunDirectory,
  models: ArmModels,
  arms: readonly StudyArm[],
  chunks: readonly Chunk[],
  { signal, onProgress }: CallOptions,
): Promise<void> {
  const steps = arms.flatMap((arm) => chunks.map((chunk) => ({ arm, chunk })));
  const { length: total } = steps;
  for (const [done, { arm, chunk }] of steps.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ stage: "hear copies", done, total, unit: "chunks", message: arm.id });
    const name = `copies ${arm.id} ${chunk.id}`;
    if (run.chunks.has(name)) continue;
    const files = chunk.clips.map((id) => ({ id, path: pathOf(run, id), seconds: null, asks: {} }));
    const { features } = await hearChunk(models.of(arm), arm.reads, files, {
      signal,
      cache: false,
    });
    const work =
      features === undefined ? {} : { [featuresOf(arm.id, chunk.id)]: encodeNpy(features) };
    await run.appendChunk(name, {}, work);
  }
  onProgress?.({ stage: "hear copies", done: total, total, unit: "chunks", message: "" });
}

const fileOf = (copy: string): string => `${copy}.wav`;

export function pathOf({ folder }: Pick<RunDirectory, "folder">, copy: string): string {
  return join(folder, WORK, fileOf(copy));
}
