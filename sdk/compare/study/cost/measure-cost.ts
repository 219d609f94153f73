/** Cost, incarnation by incarnation: what is finished stays, what was disturbed is measured again as a whole. */
import { loadavg } from "node:os";
import type { CallOptions } from "../../../bridge/call-options.ts";
import type { RunDirectory } from "../../../records/run/run-directory.ts";
import type { CostCall } from "../../study-types.ts";
import type { Hearing } from "../hear-all.ts";
import { CostClips } from "./cost-clips.ts";
import { sidesOf } from "./cost-design.ts";
import {
  type BegunNote,
  chunkOf,
  countAttempts,
  type EnergyNote,
  findInterrupted,
  startOf,
  type VoidNote,
} from "./cost-notes.ts";
import type { PlannedIncarnation } from "./cost-schedule.ts";
import type { CostPlan } from "./estimate-cost.ts";
import { type Measuring, measureIncarnation } from "./incarnation.ts";

/** File of the timed calls. */
export const COST_ROWS = "cost.jsonl";

/** What is measured. */
export interface CostWork extends CostPlan {
  /** Of random weights. */
  readonly seed: number;
  readonly hearing: Hearing;
}

/** What all incarnations of one life of the run share. */
type Shared = Pick<Measuring, "seed" | "clip" | "clock"> & {
  readonly work: CostWork;
  readonly clips: CostClips;
};

/** In one life of the run; what dies as often dies of what it is asked. */
const MOST_ATTEMPTS = 3;

/**
 * Goes on behind the incarnations that are finished already.
 *
 * @throws ProcessExitError a process died in each of three attempts
 * @throws InvalidArgumentError no clip of a slot was heard by both arms
 */
export async function measureCost(
  run: RunDirectory,
  work: CostWork,
  { signal, onProgress }: CallOptions,
): Promise<void> {
  const { design, schedule, seed, hearing } = work;
  const todo = schedule.incarnations.filter((each) => !run.chunks.has(chunkOf(each)));
  if (todo.length === 0) return;
  for (const note of findInterrupted(run.history)) await run.note("void", note);
  await run.note("cost", { loadAverage: loadavg(), beside: "the process of the statistics, idle" });
  const startMs = startOf(run.history);
  const clips = await CostClips.read(run, design, hearing);
  const clock = (): number => (Date.now() - startMs) / 1000;
  const shared: Shared = { work, clips, seed, clip: clips.file(schedule.clip), clock };
  const total = todo.reduce((sum, { blocks }) => sum + blocks.length, 0);
  let done = 0;
  for (const planned of todo) {
    await measureWhole(run, shared, planned, {
      signal,
      onProgress: (block) => {
        if (done + block === total) return; // it is full when the disk has it
        const at = { done: done + block, total, unit: "blocks", message: chunkOf(planned) };
        onProgress?.({ stage: "cost", ...at });
      },
    });
    done += planned.blocks.length;
  }
  onProgress?.({ stage: "cost", done, total, unit: "blocks", message: "" });
}

/** One incarnation, as often as it needs to be undisturbed. */
async function measureWhole(
  run: RunDirectory,
  { work, clips, ...shared }: Shared,
  planned: PlannedIncarnation,
  call: { signal: AbortSignal | undefined; onProgress: (block: number) => void },
): Promise<void> {
  const { phase, incarnation } = planned;
  const before = countAttempts(run.history, planned);
  for (let life = 1; ; life += 1) {
    call.signal?.throwIfAborted();
    const begun: BegunNote = { phase, incarnation, attempt: before + life };
    await run.note("incarnation", begun);
    call.onProgress(0);
    const { rows, energy, fault } = await measureIncarnation(
      {
        ...shared,
        planned: clips.heard(planned),
        attempt: begun.attempt,
        arms: sidesOf(work.design, work.hearing.arms, phase),
        file: (id) => clips.file(id),
        chunk: (id) => clips.chunk(id),
        onBlock: (block) => call.onProgress(block + 1),
      },
      { signal: call.signal },
    );
    if (fault === null) {
      const counters = energy.counters.map(({ name }) => name);
      const counted: EnergyNote = { phase, incarnation, counters, reason: energy.reason };
      await run.note("energy", counted);
      await run.appendChunk(chunkOf(planned), { [COST_ROWS]: rows });
      return;
    }
    const [reason = ""] = fault.message.split("\n");
    const lost: VoidNote = { ...begun, reason, stderr: fault.stderrTail };
    await run.note("void", lost);
    const voided = rows.map((row): CostCall => ({ ...row, void: reason }));
    await run.appendChunk(`${chunkOf(planned)} void ${begun.attempt}`, { [COST_ROWS]: voided });
    if (life === MOST_ATTEMPTS) throw fault;
  }
}
