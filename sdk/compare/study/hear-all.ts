/** Every arm hears every chunk; what was heard is written while the next one is heard. */
import { join } from "node:path";
import type { CallOptions } from "../../bridge/call-options.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import type { Chunk } from "./chunks.ts";
import type { HeardStep, HearingStep } from "./estimate.ts";
import { type ClipFile, hearChunk } from "./hear-chunk.ts";
import { encodeNpy } from "./npy.ts";
import { askedOf } from "./task-clips.ts";
import type { UsedClip } from "./used-clips.ts";

/** What is heard. */
export interface Hearing {
  readonly folder: string;
  readonly clips: readonly UsedClip[];
  /** Of arms that are read by features. */
  readonly chunks: readonly Chunk[];
  /** Of arms that answer: whole sources, in the order of the run. */
  readonly bySource: readonly Chunk[];
  readonly arms: readonly StudyArm[];
  readonly tasks: readonly Task[];
  /** null: whole clips. */
  readonly cropSeconds: number | null;
  /** Whether what was computed before, of the same chunk, is taken from the disk. */
  readonly cache: boolean;
}

/** Who looks on while arms hear. */
export interface Onlooker {
  /** Told of each chunk, before the next one begins. */
  heard(arm: string, rows: readonly AnswerRow[]): void;
  /** Asked after each round of chunks; `stop`: no more is heard. */
  look(): Promise<"stop" | undefined>;
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

/** A line of the journal: a chunk that an arm had heard before. */
export interface CachedNote {
  readonly arm: string;
  readonly chunk: string;
}

/** What hearing came to. */
export interface HeardSteps {
  readonly heard: readonly (HeardStep & Step)[];
  /** Whether the onlooker stopped it. */
  readonly end: "stopped" | "finished";
}

/** Hears these chunks, in their order. */
export async function hearAll(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  steps: readonly Step[],
  call: CallOptions,
  onlooker?: Onlooker,
): Promise<HeardSteps> {
  const heard: (HeardStep & Step)[] = [];
  const files = new Map(hearing.clips.map((clip) => [clip.id, toFile(hearing, clip)]));
  const { length: total } = steps;
  const tell = (message: string): void =>
    call.onProgress?.({ stage: "hear", done: heard.length, total, unit: "chunks", message });
  const start = performance.now();
  let modelSeconds = 0;
  let written = Promise.resolve();
  let end: HeardSteps["end"] = "finished";
  for (const step of steps) {
    const { name, arm, chunk, round } = step;
    call.signal?.throwIfAborted();
    tell(`${arm.id}, chunk ${chunk.id}`);
    const began = performance.now();
    const model = models.of(arm);
    const clips = chunk.clips.flatMap((id) => files.get(id) ?? []);
    const { starts } = model.bridge.stats();
    const { signal } = call;
    const found = await hearChunk(model, arm.reads, clips, { signal, cache: hearing.cache });
    const processes = model.bridge.stats().starts - starts;
    // The bridge has asked a new process again; the rows are the same, and the record says it.
    if (processes > 0) await run.note("restart", { arm: arm.id, chunk: chunk.id, processes });
    const { rows, features, work } = found;
    modelSeconds += work?.seconds ?? 0;
    const note: CachedNote = { arm: arm.id, chunk: chunk.id };
    const isCached = work?.isCached === true;
    if (isCached) await run.note("cached", note);
    const kept =
      features === undefined ? {} : { [featuresOf(arm.id, chunk.id)]: encodeNpy(features) };
    await written;
    written = run.appendChunk(name, { [answersOf(arm.id)]: rows }, kept);
    written.catch(() => undefined); // awaited above or below, unless hearing fails before
    heard.push({ ...step, seconds: (performance.now() - began) / 1000, isCached });
    onlooker?.heard(arm.id, rows);
    const isRound = steps[heard.length]?.round !== round;
    if (onlooker === undefined || !isRound) continue;
    await written;
    if ((await onlooker.look()) === "stop") {
      end = "stopped";
      break;
    }
  }
  await written;
  if (heard.length > 0) {
    const wallSeconds = (performance.now() - start) / 1000;
    const spent: HeardNote = { chunks: heard.length, wallSeconds, modelSeconds };
    await run.note("heard", spent);
    tell("");
  }
  return { heard, end };
}

/** Work of one call. */
export interface Step extends HearingStep {
  readonly name: string;
  readonly round: number;
}

/** What is not heard yet. */
export function openSteps(run: Pick<RunDirectory, "chunks">, hearing: Hearing): Step[] {
  return roundsOf(hearing)
    .flat()
    .filter(({ name }) => !run.chunks.has(name));
}

/** A B, B A, A B, …: what warms up or drifts does so for all arms alike. */
export function roundsOf({ chunks, bySource, arms }: Hearing): Step[][] {
  const rounds = Math.max(chunks.length, bySource.length);
  return Array.from({ length: rounds }, (_, round) =>
    (round % 2 === 0 ? arms : arms.toReversed()).flatMap((arm): Step[] => {
      const chunk = (arm.reads.by === "features" ? chunks : bySource)[round];
      return chunk === undefined ? [] : [{ name: stepOf(arm, chunk), arm, chunk, round }];
    }),
  );
}

const HEARD = "hear ";
/** What a chunk of an arm is called in the journal. */
export const stepOf = (arm: Pick<StudyArm, "id">, chunk: Chunk): string =>
  `${HEARD}${arm.id} ${chunk.id}`;

/** How many chunks of a run were heard. */
export function countHeard(chunks: Iterable<string>): number {
  return [...chunks].filter((name) => name.startsWith(HEARD)).length;
}

export function toFile(
  { folder, cropSeconds, tasks }: Hearing,
  { id, path, labels }: UsedClip,
): ClipFile {
  const asks = tasks.flatMap((task) =>
    task.kind !== "questions"
      ? []
      : askedOf(task.questions, labels).map((label): [string, string] => {
          return [label, task.questions[label]?.ask ?? ""];
        }),
  );
  const file = { id, path: join(folder, path), seconds: cropSeconds };
  return { ...file, asks: Object.fromEntries(asks) };
}
