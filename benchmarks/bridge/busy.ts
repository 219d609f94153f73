/** Pings while a model computes, and what they cost it, for several switch intervals of the interpreter. */
import { setTimeout as sleep } from "node:timers/promises";
import type { GAMABridge, RecordRow } from "grym-synth";
import { ask, lightBridge } from "./light-bridge.ts";
import { median, quantile, rotate } from "./statistics.ts";

/** Seconds; undefined: as the process sets it itself. */
export const INTERVALS: readonly (number | undefined)[] = [undefined, 0.005, 0.001, 0.0005, 0.0001];
/** `light_operations.py` says what they do. */
const WORKS = ["loop", "tokens", "forward"] as const;
export type Work = (typeof WORKS)[number];
const ROUNDS = 3;
const SECONDS = 1;
const GAP_MS = 10;

export interface Busy {
  readonly work: Work;
  readonly interval: number | undefined;
  readonly pingP50Ms: number;
  readonly pingP99Ms: number;
  /** Steps a second without pings, and with them. */
  readonly alone: number;
  readonly pinged: number;
}

export async function measureBusy(
  share: number,
): Promise<{ rows: RecordRow[]; found: readonly Busy[] }> {
  const rounds = Math.max(1, Math.round(ROUNDS * share));
  const seconds = share < 1 ? SECONDS / 2 : SECONDS;
  await using processes = new Processes();
  const found: Busy[] = [];
  for (const work of WORKS) {
    for (const { bridge } of processes.all) await ask(bridge, "busy", { work, seconds: 0.1 });
    const measured = processes.all.map(() => ({
      pings: [] as number[],
      alone: [] as number[],
      pinged: [] as number[],
    }));
    for (let round = 0; round < rounds; round += 1) {
      for (const index of rotate([...processes.all.keys()], round)) {
        const bridge = processes.all[index]?.bridge;
        const kept = measured[index];
        if (bridge === undefined || kept === undefined) continue;
        kept.alone.push(await stepsPerSecond(bridge, work, seconds));
        const running = stepsPerSecond(bridge, work, seconds);
        kept.pings.push(...(await pingUntil(bridge, running)));
        kept.pinged.push(await running);
      }
    }
    for (const [index, { interval }] of processes.all.entries()) {
      const { pings = [], alone = [], pinged = [] } = measured[index] ?? {};
      found.push({
        work,
        interval,
        pingP50Ms: quantile(pings, 0.5),
        pingP99Ms: quantile(pings, 0.99),
        alone: median(alone),
        pinged: median(pinged),
      });
    }
  }
  const rows = found.map(({ work, interval, pingP50Ms, pingP99Ms, alone, pinged }) => {
    const standard = found.find((other) => other.work === work && other.interval === 0.005);
    return {
      part: "ping under a busy model",
      work,
      switch_interval_ms: interval === undefined ? "as set" : interval * 1000,
      ping_p50_ms: pingP50Ms,
      ping_p99_ms: pingP99Ms,
      steps_per_s: alone,
      steps_per_s_pinged: pinged,
      pinged_over_5_ms: pinged / (standard?.pinged ?? Number.NaN),
    };
  });
  return { rows, found };
}

/** One process for each interval. */
class Processes implements AsyncDisposable {
  readonly all: readonly { interval: number | undefined; bridge: GAMABridge }[] = INTERVALS.map(
    (interval) => ({ interval, bridge: makeBridge(interval) }),
  );

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map(({ bridge }) => bridge.shutdown()));
  }
}

function makeBridge(interval: number | undefined): GAMABridge {
  if (interval === undefined) return lightBridge();
  return lightBridge({ env: { GRYM_BENCH_SWITCH_INTERVAL: String(interval) } });
}

async function stepsPerSecond(bridge: GAMABridge, work: Work, seconds: number): Promise<number> {
  const done = await ask(bridge, "busy", { work, seconds });
  return done.steps / done.seconds;
}

/** Pings with gaps, as a watchdog sends them: back to back the reader would never let go. */
async function pingUntil(bridge: GAMABridge, end: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let isOver = false;
  const over = end.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await sleep(GAP_MS);
    if (isOver) break;
    const start = performance.now();
    const { busy } = await bridge.executeOperation("ping", {});
    if (busy) times.push(performance.now() - start);
  }
  await over;
  return times;
}
