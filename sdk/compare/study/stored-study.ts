/** What a run directory says of a study: all that results are made from. */
import { readRun } from "../../records/run/read-run.ts";
import type { Outcome, Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import type { NeighbourNote } from "./check-neighbours.ts";
import type { Design } from "./design.ts";
import { answersOf } from "./hear-all.ts";
import { outcomesOf, type TaskNote } from "./run-tasks.ts";
import type { StoppedNote } from "./stop-run.ts";
import type { RecordedArm, RecordedData, Schedule } from "./study-opening.ts";
import type { UsedClip } from "./used-clips.ts";

/** Typed reading of the files; `runStudy` wrote them, and their digests say so. */
export interface StoredStudy {
  readonly design: Design;
  readonly data: RecordedData & { readonly root: string };
  readonly arms: Readonly<Record<string, RecordedArm>>;
  readonly schedule: Schedule;
  readonly clips: readonly UsedClip[];
  answers(arm: string): readonly AnswerRow[];
  outcomes(task: Task["kind"], arm: string): readonly Outcome[];
  note(task: Task["kind"], arm: string): TaskNote | undefined;
  neighbours(arm: string): NeighbourNote | undefined;
  /** Where its caller stopped it; undefined where all was heard. */
  readonly stopped: StoppedNote | undefined;
  /** Processes that were started again while the arm was heard. */
  restarts(arm: string): number;
}

/** @throws RunError `run_damaged`: a file is not what the seal or the journal says */
export async function readStudy(folder: string): Promise<StoredStudy> {
  const { study, data, arms, schedule, manifest, rows, journal } = await readRun(folder);
  const entries = <Entry>(kind: string): Entry[] =>
    journal.filter((entry) => entry.kind === kind) as unknown as Entry[];
  const notes = entries<TaskNote>("task");
  const neighbours = entries<NeighbourNote>("neighbours");
  const restarts = entries<{ arm: string; processes: number }>("restart");
  return {
    design: study as unknown as Design,
    data: data as unknown as StoredStudy["data"],
    arms: arms as unknown as StoredStudy["arms"],
    schedule: schedule as unknown as Schedule,
    clips: manifest as unknown as readonly UsedClip[],
    answers: (arm) => (rows[answersOf(arm)] ?? []) as unknown as readonly AnswerRow[],
    outcomes: (task, arm) => (rows[outcomesOf(task, arm)] ?? []) as unknown as readonly Outcome[],
    note: (task, arm) => notes.findLast((note) => note.task === task && note.arm === arm),
    stopped: entries<StoppedNote>("stopped").at(-1),
    neighbours: (arm) => neighbours.findLast((note) => note.arm === arm),
    restarts: (arm) =>
      restarts
        .filter((note) => note.arm === arm)
        .reduce((sum, { processes }) => sum + processes, 0),
  };
}
