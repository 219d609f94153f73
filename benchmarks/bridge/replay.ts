/** From `kill -9` to the answer of the next process, beside the start of a process and the load of its model. */
import type { RecordRow } from "grym-synth";
import { ask, lightBridge } from "./light-bridge.ts";
import { median } from "./statistics.ts";

const ROUNDS = { none: 9, "gama-tiny": 5 };
export type Loaded = keyof typeof ROUNDS;

export interface Replay {
  readonly model: Loaded;
  readonly startMs: number;
  readonly loadMs: number;
  readonly replayMs: number;
  /** Of a round: replay - start - load. */
  readonly overheadMs: number;
}

export async function measureReplays(
  share: number,
): Promise<{ rows: RecordRow[]; found: readonly Replay[] }> {
  const found: Replay[] = [];
  const models: readonly Loaded[] = share < 1 ? ["none"] : ["none", "gama-tiny"];
  for (const model of models) {
    const rounds = Math.max(1, Math.round(ROUNDS[model] * share));
    const all: Omit<Replay, "model">[] = [];
    if (share === 1) await measureRound(model); // brings the files into memory
    while (all.length < rounds) all.push(await measureRound(model));
    found.push({
      model,
      startMs: median(all.map(({ startMs }) => startMs)),
      loadMs: median(all.map(({ loadMs }) => loadMs)),
      replayMs: median(all.map(({ replayMs }) => replayMs)),
      overheadMs: median(all.map(({ overheadMs }) => overheadMs)),
    });
  }
  const rows = found.map(({ model, startMs, loadMs, replayMs, overheadMs }) => ({
    part: "kill -9 to the first repeated answer",
    model,
    start_ms: startMs,
    load_ms: loadMs,
    replay_ms: replayMs,
    over_start_and_load_ms: overheadMs,
  }));
  return { rows, found };
}

async function measureRound(model: Loaded): Promise<Omit<Replay, "model">> {
  await using bridge = lightBridge({ onLog: () => undefined });
  const began = performance.now();
  const { pid } = await bridge.initialize();
  const ready = performance.now();
  if (model !== "none") await bridge.executeOperation("load_model", { model });
  const loaded = performance.now();

  const call = ask(bridge, "compare", { pid }); // it hangs in this process, and in no other
  while (!(await bridge.executeOperation("ping", {})).busy);
  const killed = performance.now();
  process.kill(pid, "SIGKILL");
  const answer = await call;
  const answered = performance.now();
  const { starts, repeated } = bridge.stats();
  if (answer.pid === pid || starts !== 2 || repeated < 1) throw new Error("it was not repeated");
  if (model !== "none") {
    const { models } = await bridge.executeOperation("status", {});
    if (models.length !== 1) throw new Error("the model was not loaded again");
  }
  const startMs = ready - began;
  const loadMs = loaded - ready;
  const replayMs = answered - killed;
  return { startMs, loadMs, replayMs, overheadMs: replayMs - startMs - loadMs };
}
