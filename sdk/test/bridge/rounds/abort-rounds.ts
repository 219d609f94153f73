/** Calls that are given up at random moments, with a pattern in each slot of the arena. */
import { setTimeout as sleep } from "node:timers/promises";
import type { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { ask } from "../light-python.ts";
import { Random } from "./random.ts";

export interface AbortOutcome {
  readonly calls: number;
  /** Given up before they were sent, while they waited or ran, or too late. */
  readonly aborted: number;
  readonly answered: number;
  /** Inputs that changed while Python worked on them: their slot was used again too early. */
  readonly torn: number;
  /** Answers that are not the call's own pattern, and errors that are not its own abort. */
  readonly wrong: number;
  /** Bytes of the input arena that are still taken in the end. */
  readonly leaked: number;
  readonly arenaBytes: number;
}

export interface AbortRounds {
  readonly bridge: GAMABridge;
  readonly seed: number;
  readonly atOnce: number;
  /** Asked before each call, with the number of aborts so far. */
  readonly isOver: (aborts: number) => boolean;
}

const MOST_NUMBERS = 20_000;
const MOST_MS = 3;

export async function abortRounds({
  bridge,
  seed,
  atOnce,
  isOver,
}: AbortRounds): Promise<AbortOutcome> {
  const random = new Random(seed);
  const count = { calls: 0, aborted: 0, answered: 0, wrong: 0 };

  async function callOnce(): Promise<void> {
    count.calls += 1;
    const value = count.calls % 16_777_216; // what float32 counts exactly
    const controller = new AbortController();
    const reason = new Error("given up");
    const moment = random.pick(["before", "at once", "soon", "soon", "soon", "after", "never"]);
    if (moment === "before") controller.abort(reason);
    const numbers = new Float32Array(1 + random.below(MOST_NUMBERS)).fill(value);
    const seconds = (random.next() * MOST_MS) / 1000;
    const data = { tensor: numbers, value, seconds, heeds: random.next() < 0.5 };
    const call = ask(bridge, "canary", data, { signal: controller.signal });
    if (moment === "at once") controller.abort(reason);
    const delay = moment === "soon" ? random.next() * MOST_MS * atOnce : undefined;
    const timer =
      delay === undefined ? undefined : setTimeout(() => controller.abort(reason), delay);
    try {
      const answer = (await call) as { readonly data: Float32Array };
      count.answered += 1;
      const isOwn = answer.data.length === numbers.length && answer.data.every((x) => x === value);
      if (!isOwn) count.wrong += 1;
      if (moment === "after") controller.abort(reason);
    } catch (error) {
      if (error === reason) count.aborted += 1;
      else count.wrong += 1;
    }
    clearTimeout(timer);
  }

  async function callAgain(): Promise<void> {
    while (!isOver(count.aborted)) await callOnce();
  }

  await Promise.all(Array.from({ length: atOnce }, callAgain));
  while (bridge.stats().abandoned > 0) await sleep(10);
  const torn = Number(await ask(bridge, "torn"));
  const { arenaUsed: leaked, arenaBytes } = bridge.stats();
  return { ...count, torn, leaked, arenaBytes };
}
