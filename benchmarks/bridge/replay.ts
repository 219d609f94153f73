/**
 * From `kill -9` to the answer of the next process, beside the start of a process and the load of its
 * model. The least of several each: they are the same work every time, to which a machine only adds, and
 * half a second to a load of four.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { GAMABridge, RecordRow } from "grym-synth";
import { ask, lightBridge } from "./light-bridge.ts";

const ROUNDS = { none: 9, "gama-tiny": 7 };
export const MODELS = ["none", "gama-tiny"] as const;
type Loaded = (typeof MODELS)[number];
/** What a killed process has left in its pipes is read, and its bridge rests. */
const REST_MS = 100;

export interface Replay {
  readonly model: Loaded;
  /** Of a second process of its bridge, as the one that replays is. */
  readonly startMs: number;
  /** In that second process. */
  readonly loadMs: number;
  readonly replayMs: number;
  /** From the kill until the death was noticed: the system takes a large process down. */
  readonly deathMs: number;
  /** The least replay - the least start - the least load. */
  readonly overheadMs: number;
}

type Plain = Pick<Replay, "startMs" | "loadMs">;
type Repeated = Pick<Replay, "replayMs" | "deathMs">;

export async function measureReplays(
  share: number,
): Promise<{ rows: RecordRow[]; found: readonly Replay[] }> {
  const found: Replay[] = [];
  for (const model of share < 1 ? MODELS.slice(0, 1) : MODELS) {
    const rounds = Math.max(1, Math.round(ROUNDS[model] * share));
    const plains: Plain[] = [];
    const replays: Repeated[] = [];
    if (share === 1) {
      await measurePlain(model); // brings the files into memory
      await measureReplay(model);
    }
    for (let round = 0; round < rounds; round += 1) {
      // One after the other, another one first each time: what else the machine does meets both alike.
      if (round % 2 === 0) plains.push(await measurePlain(model));
      replays.push(await measureReplay(model));
      if (round % 2 === 1) plains.push(await measurePlain(model));
    }
    const startMs = Math.min(...plains.map((plain) => plain.startMs));
    const loadMs = Math.min(...plains.map((plain) => plain.loadMs));
    const replayMs = Math.min(...replays.map((replay) => replay.replayMs));
    const deathMs = Math.min(...replays.map((replay) => replay.deathMs));
    const overheadMs = replayMs - startMs - loadMs;
    found.push({ model, startMs, loadMs, replayMs, deathMs, overheadMs });
  }
  const rows = found.map(({ model, startMs, loadMs, replayMs, deathMs, overheadMs }) => ({
    part: "kill -9 to the first repeated answer",
    model,
    start_ms: startMs,
    load_ms: loadMs,
    replay_ms: replayMs,
    over_start_and_load_ms: overheadMs,
    of_that_death_ms: deathMs,
  }));
  return { rows, found };
}

async function load(bridge: GAMABridge, model: Loaded): Promise<void> {
  if (model !== "none") await bridge.executeOperation("load_model", { model });
}

/** The start and the load that a replay has to make, too: no first use of Node's side counts for it. */
async function measurePlain(model: Loaded): Promise<Plain> {
  await using bridge = lightBridge({ onLog: () => undefined });
  const first = await bridge.initialize();
  process.kill(first.pid, "SIGKILL");
  while (bridge.stats().pid !== undefined) await sleep(1);
  await sleep(REST_MS);
  const began = performance.now();
  await bridge.initialize();
  const ready = performance.now();
  await load(bridge, model);
  const loaded = performance.now();
  if (bridge.stats().starts !== 2) throw new Error("it is not the second process that was timed");
  return { startMs: ready - began, loadMs: model === "none" ? 0 : loaded - ready };
}

/** From the kill to the answer of the next process. */
async function measureReplay(model: Loaded): Promise<Repeated> {
  let noticed = Number.NaN;
  await using bridge = lightBridge({
    onLog: ({ source }) => {
      if (source === "bridge" && Number.isNaN(noticed)) noticed = performance.now();
    },
  });
  const { pid } = await bridge.initialize();
  await load(bridge, model);

  const call = ask(bridge, "compare", { pid }); // it hangs in this process, and in no other
  while (!(await bridge.executeOperation("ping", {})).busy);
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  const answer = await call;
  const replayMs = performance.now() - killed;
  const { starts, repeated } = bridge.stats();
  if (answer.pid === pid || starts !== 2 || repeated < 1) throw new Error("it was not repeated");
  if (model !== "none") {
    const { models } = await bridge.executeOperation("status", {});
    if (models.length !== 1) throw new Error("the model was not loaded again");
  }
  return { replayMs, deathMs: noticed - killed };
}
