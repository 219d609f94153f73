/** Every task of every arm that can do it, on what was heard. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { FoldPlan } from "../plan-folds.ts";
import type { Outcome, Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import type { StudyArm } from "./baselines.ts";
import { canDo } from "./can-do.ts";
import type { Chunk } from "./chunks.ts";
import { answersOf } from "./hear-all.ts";
import { readFeatures } from "./read-features.ts";
import { streamSeed } from "./stream-seed.ts";
import { clipsOf, foldsOf, type TaskClip } from "./task-clips.ts";
import { findByFeatures, findByWords, type TaskFindings, type TaskInput } from "./task-outcomes.ts";
import type { UsedClip } from "./used-clips.ts";

/** What the tasks are done with. */
export interface TaskWork {
  readonly tasks: readonly Task[];
  readonly arms: readonly StudyArm[];
  readonly clips: readonly UsedClip[];
  readonly chunks: readonly Chunk[];
  readonly plan: FoldPlan;
  readonly seed: number;
  readonly bridge: GAMABridge;
}

/** File with the outcomes of an arm in a task. */
export const outcomesOf = (task: Task["kind"], arm: string): string =>
  `outcomes/${task}.${arm}.jsonl`;

/** A line of the journal: what a probe fitted. */
export interface TaskNote {
  readonly task: Task["kind"];
  readonly arm: string;
  readonly parameters: number | null;
  readonly chosen: readonly string[];
}

/** Goes on behind the tasks that are finished already. */
export async function runTasks(
  run: RunDirectory,
  work: TaskWork,
  call: CallOptions,
): Promise<void> {
  const steps = work.tasks
    .flatMap((task) => work.arms.filter((arm) => canDo(arm, task)).map((arm) => ({ task, arm })))
    .map((step) => ({ ...step, name: `task ${step.task.kind} ${step.arm.id}` }))
    .filter(({ name }) => !run.chunks.has(name));
  const { length: total } = steps;
  const tell = (done: number, message: string): void =>
    call.onProgress?.({ stage: "task", done, total, unit: "tasks", message });
  for (const [done, { task, arm, name }] of steps.entries()) {
    call.signal?.throwIfAborted();
    tell(done, name);
    const clips = clipsOf(task, work.clips);
    const answers = await readAnswers(run, arm.id);
    const found = await findOutcomes(run, work, { task, arm, clips }, answers, call);
    const rows = toOutcomes({ task, arm, clips }, found, answers);
    const { parameters, chosen } = found;
    const note: TaskNote = { task: task.kind, arm: arm.id, parameters, chosen };
    await run.note("task", note);
    await run.appendChunk(name, { [outcomesOf(task.kind, arm.id)]: rows });
  }
  if (total > 0) tell(total, "");
}

/** One arm in one task. */
interface TaskStep {
  readonly task: Task;
  readonly arm: StudyArm;
  readonly clips: readonly TaskClip[];
}

/** What the arm did with each clip. */
export async function findOutcomes(
  run: RunDirectory,
  { chunks, clips: all, plan, seed, bridge }: TaskWork,
  { task, arm, clips }: TaskStep,
  answers: ReadonlyMap<string, AnswerRow>,
  { signal }: CallOptions,
): Promise<TaskFindings> {
  const { reads } = arm;
  if (reads.by !== "features") return findByWords(reads, clips, answers);
  const input: TaskInput = {
    task,
    clips,
    folds: foldsOf(plan, all, clips),
    seed: streamSeed(seed, task.kind),
    bridge,
  };
  const ids = clips.map(({ id }) => id);
  const features = await readFeatures(run, arm.id, chunks, ids);
  return await findByFeatures(input, features, { signal });
}

/** What the arm gave for each clip, by id. */
export async function readAnswers(run: RunDirectory, arm: string): Promise<Map<string, AnswerRow>> {
  const rows = (await run.rows(answersOf(arm))) as unknown as readonly AnswerRow[]; // `hearAll` wrote them
  return new Map(rows.map((row) => [row.clip, row]));
}

/** Rows of the clips that were judged. */
export function toOutcomes(
  { task, arm, clips }: TaskStep,
  found: TaskFindings,
  answers: ReadonlyMap<string, AnswerRow>,
): Outcome[] {
  return clips.flatMap((clip, at) => {
    const said = found.said[at];
    return said ? [toOutcome(task, arm, clip, said, answers.get(clip.id))] : [];
  });
}

function toOutcome(
  { kind }: Task,
  { id }: StudyArm,
  { id: clip, clusterId, truth, tags }: TaskClip,
  { fold, score, said, detail, status }: NonNullable<TaskFindings["said"][number]>,
  answer: AnswerRow | undefined,
): Outcome {
  const hasFailed = answer === undefined || answer.failure !== null;
  return {
    arm: id,
    task: kind,
    clip,
    cluster: clusterId,
    fold,
    status: hasFailed ? "failed" : (status ?? "ok"),
    score: hasFailed ? 0 : score,
    truth: kind === "tags" ? tags : truth,
    said: hasFailed ? null : said,
    // Of a clip that failed it is still known which questions it was to be asked.
    ...(detail === undefined || (hasFailed && kind !== "questions") ? {} : { detail }),
    secondsHeard: answer?.secondsHeard ?? 0,
    servedBy: answer?.servedBy ?? "",
  };
}
