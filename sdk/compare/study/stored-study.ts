/** What a run directory says of a study: all that results are made from. */
import { readRun } from "../../records/run/read-run.ts";
import type { CostCall, Outcome, Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import type { NeighbourNote } from "./check-neighbours.ts";
import type { EnergyNote, VoidNote } from "./cost/cost-notes.ts";
import { COST_ROWS } from "./cost/measure-cost.ts";
import type { Design } from "./design.ts";
import type { DuplicateNote } from "./duplicate-search.ts";
import { type SpreadOutcome, spreadOf } from "./fold-spread.ts";
import { answersOf } from "./hear-all.ts";
import { outcomesOf, type TaskNote } from "./run-tasks.ts";
import type { StoppedNote } from "./stop-run.ts";
import {
  type RecordedArm,
  type RecordedData,
  type Schedule,
  withoutAbsent,
} from "./study-opening.ts";
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
  /** Under other draws of the folds. */
  spread(task: Task["kind"], arm: string): readonly SpreadOutcome[];
  note(task: Task["kind"], arm: string): TaskNote | undefined;
  neighbours(arm: string): NeighbourNote | undefined;
  /** Undefined: the run ended before they were looked for. */
  readonly duplicates: DuplicateNote | undefined;
  /** Where its caller stopped it; undefined where all was heard. */
  readonly stopped: StoppedNote | undefined;
  /** Processes that were started again while the arm was heard. */
  restarts(arm: string): number;
  /** Timed calls, those that are void too. */
  readonly costCalls: readonly CostCall[];
  /** Incarnations that were measured again as a whole, each time. */
  readonly voids: readonly VoidNote[];
  readonly energy: readonly EnergyNote[];
}

/** @throws RunError `run_damaged`: a file is not what the seal or the journal says */
export async function readStudy(folder: string): Promise<StoredStudy> {
  const { study, data, arms, schedule, manifest, rows, journal } = await readRun(folder);
  const entries = <Entry>(kind: string): Entry[] =>
    journal.filter((entry) => entry.kind === kind) as unknown as Entry[];
  const notes = entries<TaskNote>("task");
  const neighbours = entries<NeighbourNote>("neighbours");
  const restarts = entries<{ arm: string; processes: number }>("restart");
  const design = study as unknown as Design;
  const planned = schedule as unknown as Schedule;
  return {
    design: { ...design, arms: withoutAbsent(design.arms, planned) },
    data: data as unknown as StoredStudy["data"],
    arms: arms as unknown as StoredStudy["arms"],
    schedule: planned,
    clips: manifest as unknown as readonly UsedClip[],
    answers: (arm) => (rows[answersOf(arm)] ?? []) as unknown as readonly AnswerRow[],
    outcomes: (task, arm) => (rows[outcomesOf(task, arm)] ?? []) as unknown as readonly Outcome[],
    spread: (task, arm) => (rows[spreadOf(task, arm)] ?? []) as unknown as readonly SpreadOutcome[],
    note: (task, arm) => notes.findLast((note) => note.task === task && note.arm === arm),
    duplicates: entries<DuplicateNote>("duplicates").at(-1),
    stopped: entries<StoppedNote>("stopped").at(-1),
    neighbours: (arm) => neighbours.findLast((note) => note.arm === arm),
    restarts: (arm) =>
      restarts
        .filter((note) => note.arm === arm)
        .reduce((sum, { processes }) => sum + processes, 0),
    costCalls: (rows[COST_ROWS] ?? []) as unknown as readonly CostCall[],
    voids: entries<VoidNote>("void"),
    energy: entries<EnergyNote>("energy"),
  };
}
