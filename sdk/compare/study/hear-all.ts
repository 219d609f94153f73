/** Every arm hears every chunk; what was heard is written while the next one is heard. */
import { join } from "node:path";
import type { CallOptions } from "../../bridge/call-options.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import type { Chunk } from "./chunks.ts";
import type { HeardStep, HearingStep } from "./estimate.ts";
import { type ClipFile, hearChunk } from "./hear-chunk.ts";
import { encodeNpy } from "./npy.ts";
import type { UsedClip } from "./used-clips.ts";

/** What is heard. */
export interface Hearing {
  readonly folder: string;
  readonly clips: readonly UsedClip[];
  readonly chunks: readonly Chunk[];
  readonly arms: readonly StudyArm[];
  /** null: whole clips. */
  readonly cropSeconds: number | null;
}

/** A line of the journal: what hearing took, and what of it the models' own work was. */
export interface HeardNote {
  readonly chunks: number;
  readonly wallSeconds: number;
  readonly modelSeconds: number;
}

/** File with the answers of an arm. */
export const answersOf = (arm: string): string => `answers/${arm}.jsonl`;

/** File with the features of a chunk, below `work/`. */
export const featuresOf = (arm: string, chunk: string): string => `${arm}.${chunk}.npy`;

/**
 * Goes on behind the chunks that are finished already.
 *
 * @returns what was heard now
 */
export async function hearAll(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  call: CallOptions,
): Promise<HeardStep[]> {
  const steps = openSteps(run, hearing);
  const done: HeardStep[] = [];
  const files = new Map(hearing.clips.map((clip) => [clip.id, toFile(hearing, clip)]));
  const { length: total } = steps;
  const tell = (message: string): void =>
    call.onProgress?.({ stage: "hear", done: done.length, total, unit: "chunks", message });
  const start = performance.now();
  let modelSeconds = 0;
  let written = Promise.resolve();
  for (const { name, arm, chunk } of steps) {
    call.signal?.throwIfAborted();
    tell(`${arm.id}, chunk ${chunk.id}`);
    const began = performance.now();
    const model = models.of(arm);
    const clips = chunk.clips.flatMap((id) => files.get(id) ?? []);
    const { starts } = model.bridge.stats();
    const heard = await hearChunk(model, arm.reads, clips, { signal: call.signal });
    const processes = model.bridge.stats().starts - starts;
    // The bridge has asked a new process again; the rows are the same, and the record says it.
    if (processes > 0) await run.note("restart", { arm: arm.id, chunk: chunk.id, processes });
    const { rows, features } = heard;
    modelSeconds += heard.work?.seconds ?? 0;
    const work =
      features === undefined ? {} : { [featuresOf(arm.id, chunk.id)]: encodeNpy(features) };
    await written;
    written = run.appendChunk(name, { [answersOf(arm.id)]: rows }, work);
    written.catch(() => undefined); // awaited above or below, unless hearing fails before
    done.push({ arm, chunk, seconds: (performance.now() - began) / 1000 });
  }
  await written;
  if (total === 0) return done;
  const wallSeconds = (performance.now() - start) / 1000;
  const spent: HeardNote = { chunks: total, wallSeconds, modelSeconds };
  await run.note("heard", spent);
  tell("");
  return done;
}

/** What is not heard yet. A B, B A, A B, …: what warms up or drifts does so for all arms alike. */
export function openSteps(
  run: Pick<RunDirectory, "chunks">,
  { chunks, arms }: Hearing,
): (HearingStep & { readonly name: string })[] {
  return chunks
    .flatMap((chunk, index) =>
      (index % 2 === 0 ? arms : arms.toReversed()).map((arm) => ({
        name: `hear ${arm.id} ${chunk.id}`,
        arm,
        chunk,
      })),
    )
    .filter(({ name }) => !run.chunks.has(name));
}

export function toFile({ folder, cropSeconds }: Hearing, { id, path }: UsedClip): ClipFile {
  return { id, path: join(folder, path), seconds: cropSeconds };
}
