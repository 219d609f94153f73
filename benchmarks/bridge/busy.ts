/** Pings while a model computes, and what they cost it, for several switch intervals of the interpreter. */
import { setTimeout as sleep } from "node:timers/promises";
import type { GAMABridge, RecordRow } from "grym-synth";
import { ask, lightBridge } from "./light-bridge.ts";
import { median, quantile, rotate } from "./statistics.ts";

/** Python's own, seconds. */
const STANDARD = 0.005;
const INTERVALS = [STANDARD, 0.001, 0.0005, 0.0001];
/** `light_operations.py` says what they do. */
export const WORKS = ["loop", "tokens", "forward"] as const;
type Work = (typeof WORKS)[number];
/** Many short slices, one interval after the other: what else the machine does meets all alike. */
const ROUNDS = 10;
const SECONDS = 0.3;
/** Of a quick run, which shows that it works. */
const FEWEST = 2;
const GAP_MS = 10;

export interface Busy {
  readonly work: Work;
  /** Switch interval, seconds. */
  readonly interval: number;
  /** It is the one that our process sets. */
  readonly isOurs: boolean;
  readonly pingP50Ms: number;
  readonly pingP99Ms: number;
  /** Steps a second without pings, and with them. */
  readonly alone: number;
  readonly pinged: number;
  /** Median over the rounds: steps a second with pings, over the same round's at Python's own interval. */
  readonly overStandard: number;
}

interface Measured {
  readonly pings: number[];
  readonly alone: number[];
  readonly pinged: number[];
}

export async function measureBusy(
  share: number,
): Promise<{ rows: RecordRow[]; found: readonly Busy[] }> {
  const rounds = Math.max(FEWEST, Math.round(ROUNDS * share));
  await using bridge = lightBridge();
  const { interval: ours } = await busy(bridge, "loop", null, 0);
  const compared = share < 1 ? [STANDARD] : INTERVALS;
  const intervals = [...new Set([...compared, ours])];
  const found: Busy[] = [];
  for (const work of share < 1 ? WORKS.slice(0, 1) : WORKS) {
    await busy(bridge, work, null, SECONDS); // which loads the model
    const measured = new Map<number, Measured>(
      intervals.map((interval) => [interval, { pings: [], alone: [], pinged: [] }]),
    );
    for (let round = 0; round < rounds; round += 1) {
      for (const interval of rotate(intervals, round)) {
        const kept = measured.get(interval);
        kept?.alone.push((await busy(bridge, work, interval, SECONDS)).rate);
        const running = busy(bridge, work, interval, SECONDS);
        kept?.pings.push(...(await pingUntil(bridge, running)));
        kept?.pinged.push((await running).rate);
      }
    }
    const standard = measured.get(STANDARD)?.pinged ?? [];
    for (const [interval, { pings, alone, pinged }] of measured) {
      found.push({
        work,
        interval,
        isOurs: interval === ours,
        pingP50Ms: quantile(pings, 0.5),
        pingP99Ms: quantile(pings, 0.99),
        alone: median(alone),
        pinged: median(pinged),
        overStandard: median(pinged.map((rate, round) => rate / (standard[round] ?? Number.NaN))),
      });
    }
  }
  const rows = found.map((row) => ({
    part: "ping under a busy model",
    work: row.work,
    switch_interval_ms: row.interval * 1000,
    ours: row.isOurs,
    ping_p50_ms: row.pingP50Ms,
    ping_p99_ms: row.pingP99Ms,
    steps_per_s: row.alone,
    steps_per_s_pinged: row.pinged,
    pinged_over_5_ms: row.overStandard,
  }));
  return { rows, found };
}

async function busy(
  bridge: GAMABridge,
  work: Work,
  interval: number | null,
  seconds: number,
): Promise<{ readonly rate: number; readonly interval: number }> {
  const done = await ask(bridge, "busy", { work, seconds, interval });
  return { rate: done.steps / done.seconds, interval: done.interval };
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
    const { busy: isBusy } = await bridge.executeOperation("ping", {});
    if (isBusy) times.push(performance.now() - start);
  }
  await over;
  return times;
}
