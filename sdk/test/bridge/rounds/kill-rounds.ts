/** A process that is killed over and over while it works: what becomes of its calls. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions } from "../../../bridge/call-options.ts";
import type { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { Random } from "./random.ts";

/** What the calls of many rounds came to. */
export interface KillOutcome {
  readonly kills: number;
  readonly calls: number;
  /** Calls that were rejected, or never settled. */
  readonly lost: number;
  /** Answers and reports of calls that had their answer. */
  readonly duplicated: number;
  /** Answers that differ from those of a clean run. */
  readonly wrong: number;
  /** Requests that were sent again. */
  readonly repeated: number;
  readonly starts: number;
}

export interface KillRounds {
  /** Must allow any number of crashes: the kills are ours. */
  readonly bridge: GAMABridge;
  readonly kills: number;
  readonly seed: number;
  /** Number of different questions; question n is asked again and again, with the same answer. */
  readonly questions: number;
  readonly ask: (question: number, options: CallOptions) => Promise<unknown>;
  readonly isEqual: (answer: unknown, expected: unknown) => boolean;
  readonly atOnce: number;
  /** A kill comes at a random time up to this one after the first answer of a process, milliseconds. */
  readonly withinMs: number;
}

/** Of ten processes one is killed before it is ready; never two in a row, which would mean more. */
const BEFORE_READY = 0.1;

export async function killRounds(rounds: KillRounds): Promise<KillOutcome> {
  const { bridge, ask, isEqual } = rounds;
  const random = new Random(rounds.seed);
  const expected: unknown[] = [];
  for (let n = 0; n < rounds.questions; n += 1) expected.push(await ask(n, {}));
  const discardedBefore = bridge.stats().discardedLines;
  const count = { calls: 0, settled: 0, lost: 0, wrong: 0, reportedLate: 0 };
  let isOver = false;
  let answered = Promise.withResolvers<void>();

  async function askAll(): Promise<void> {
    while (!isOver) {
      const question = random.below(rounds.questions);
      let isSettled = false;
      const onProgress = (): void => {
        if (isSettled) count.reportedLate += 1;
      };
      count.calls += 1;
      try {
        const answer = await ask(question, { onProgress });
        count.settled += 1;
        if (!isEqual(answer, expected[question])) count.wrong += 1;
      } catch (error) {
        count.lost += 1;
        console.error(error);
      }
      isSettled = true;
      answered.resolve();
    }
  }

  const askers = Array.from({ length: rounds.atOnce }, askAll);
  let wasReady: boolean = true;
  for (let kill = 0; kill < rounds.kills; kill += 1) {
    const isEarly: boolean = wasReady && random.next() < BEFORE_READY;
    wasReady = !isEarly;
    if (isEarly) {
      while (bridge.pid === undefined) await sleep(1);
      await sleep(random.below(20));
    } else {
      answered = Promise.withResolvers();
      await answered.promise;
      await sleep(random.next() * rounds.withinMs);
    }
    while (bridge.pid === undefined) await sleep(1);
    process.kill(bridge.pid, "SIGKILL");
    while (bridge.pid !== undefined) await sleep(1);
  }
  isOver = true;
  await Promise.all(askers);
  await ask(0, {}); // behind whatever the last process still says of the others
  const { repeated, starts, discardedLines } = bridge.stats();
  const { calls, settled, lost, wrong, reportedLate } = count;
  // A promise settles once: a second answer is to be seen as a line that nobody waits for. What a
  // process had written when it was killed was asked for, or is no whole line.
  const duplicated = reportedLate + discardedLines - discardedBefore;
  const unanswered = calls - settled - lost;
  return {
    kills: rounds.kills,
    calls,
    lost: lost + unanswered,
    duplicated,
    wrong,
    repeated,
    starts,
  };
}
