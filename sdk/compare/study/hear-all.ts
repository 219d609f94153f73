/** Every arm hears every chunk; what was heard is on the disk before the next one begins. */
import { join } from "node:path";
import type { CallOptions } from "../../bridge/call-options.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import type { Chunk } from "./chunks.ts";
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
  /** Whether features that were computed before, of the same chunk, are taken from the disk. */
  readonly cache: boolean;
}

/** Who looks on while arms hear. */
export interface Onlooker {
  /** Told of each chunk, before the next one begins. */
  heard(arm: string, rows: readonly AnswerRow[]): void;
  /** Asked after each round of chunks; `stop`: no more is heard. */
  look(): Promise<"stop" | undefined>;
}

/** File with the answers of an arm. */
export const answersOf = (arm: string): string => `answers/${arm}.jsonl`;

/** File with the features of a chunk, below `work/`. */
export const featuresOf = (arm: string, chunk: string): string => `${arm}.${chunk}.npy`;

/** A line of the journal: a chunk whose features were computed before. */
export interface CachedNote {
  readonly arm: string;
  readonly chunk: string;
}

/**
 * Goes on behind the chunks that are finished already.
 *
 * @returns whether the onlooker stopped it
 */
export async function hearAll(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  call: CallOptions,
  onlooker?: Onlooker,
): Promise<"stopped" | "finished"> {
  const steps = listSteps(hearing).filter(({ name }) => !run.chunks.has(name));
  const files = new Map(hearing.clips.map((clip) => [clip.id, toFile(hearing, clip)]));
  const { length: total } = steps;
  const tell = (done: number, message: string): void =>
    call.onProgress?.({ stage: "hear", done, total, unit: "chunks", message });
  for (const [done, { name, arm, chunk, round }] of steps.entries()) {
    call.signal?.throwIfAborted();
    tell(done, `${arm.id}, chunk ${chunk.id}`);
    const model = models.of(arm);
    const clips = chunk.clips.flatMap((id) => files.get(id) ?? []);
    const { starts } = model.bridge.stats();
    const { signal } = call;
    const heard = await hearChunk(model, arm.reads, clips, { signal, cache: hearing.cache });
    const processes = model.bridge.stats().starts - starts;
    // The bridge has asked a new process again; the rows are the same, and the record says it.
    if (processes > 0) await run.note("restart", { arm: arm.id, chunk: chunk.id, processes });
    const { rows, features, isCached } = heard;
    const note: CachedNote = { arm: arm.id, chunk: chunk.id };
    if (isCached) await run.note("cached", note);
    const work =
      features === undefined ? {} : { [featuresOf(arm.id, chunk.id)]: encodeNpy(features) };
    await run.appendChunk(name, { [answersOf(arm.id)]: rows }, work);
    onlooker?.heard(arm.id, rows);
    const isRound = steps[done + 1]?.round !== round;
    if (isRound && (await onlooker?.look()) === "stop") return "stopped";
  }
  if (total > 0) tell(total, "");
  return "finished";
}

/** Work of one call. */
interface Step {
  readonly name: string;
  readonly arm: StudyArm;
  readonly chunk: Chunk;
  readonly round: number;
}

/** A B, B A, A B, …: what warms up or drifts does so for all arms alike. */
function listSteps({ chunks, bySource, arms }: Hearing): Step[] {
  const rounds = Math.max(chunks.length, bySource.length);
  return Array.from({ length: rounds }, (_, round) =>
    (round % 2 === 0 ? arms : arms.toReversed()).flatMap((arm): Step[] => {
      const chunk = (arm.reads.by === "features" ? chunks : bySource)[round];
      return chunk === undefined ? [] : [{ name: stepOf(arm, chunk), arm, chunk, round }];
    }),
  ).flat();
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
