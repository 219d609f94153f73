/** Calls of 90 bytes: how long one takes, and how many a second when 64 are on their way. */
import type { RecordRow } from "grym-synth";
import type { Cores } from "./awake.ts";
import { median, quantile, rotate } from "./statistics.ts";
import type { MissingWay, Way } from "./way.ts";

const ROUNDS = 15;
const SEQUENTIAL = 200;
const TOGETHER = 2_000;
const IN_FLIGHT = 64;

export interface SmallCalls {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly callsPerSecond: number;
}

export async function measureSmallCalls(
  ways: readonly Way[],
  missing: readonly MissingWay[],
  cores: Cores,
  share: number,
): Promise<{ rows: RecordRow[]; found: ReadonlyMap<string, SmallCalls> }> {
  const able = ways.filter(({ small }) => small !== undefined);
  const latencies = new Map<string, number[]>();
  const rates = new Map<string, number[]>();
  const rounds = Math.max(1, Math.round(ROUNDS * share));
  for (let round = -1; round < rounds; round += 1) {
    for (const way of rotate(able, Math.abs(round))) {
      const sequential = await askOneByOne(way);
      const rate = await askTogether(way);
      if (round < 0) continue; // the first round warms up
      latencies.set(way.name, [...(latencies.get(way.name) ?? []), ...sequential]);
      rates.set(way.name, [...(rates.get(way.name) ?? []), rate]);
    }
  }
  const found = new Map<string, SmallCalls>();
  for (const { name } of able) {
    const times = latencies.get(name) ?? [];
    found.set(name, {
      p50Us: quantile(times, 0.5),
      p99Us: quantile(times, 0.99),
      callsPerSecond: median(rates.get(name) ?? []),
    });
  }
  const rows = [...found].map(([way, { p50Us, p99Us, callsPerSecond }]) => ({
    part: "small call",
    cores,
    way,
    calls: rounds * SEQUENTIAL,
    p50_us: p50Us,
    p99_us: p99Us,
    calls_per_s_64_in_flight: callsPerSecond,
    reason: null,
  }));
  const absent = missing.map(({ name, reason }) => ({
    ...{ part: "small call", cores, way: name, calls: 0 },
    ...{ p50_us: null, p99_us: null, calls_per_s_64_in_flight: null, reason },
  }));
  return { rows: [...rows, ...absent], found };
}

async function askOneByOne(way: Way): Promise<number[]> {
  const times: number[] = [];
  for (let call = 0; call < SEQUENTIAL; call += 1) {
    const start = performance.now();
    const value = await way.small?.(call);
    times.push(performance.now() - start);
    if (value !== call + 1) throw new Error(`${way.name} answered ${value} to ${call}`);
  }
  return times.map((ms) => ms * 1000);
}

/** @returns calls a second */
async function askTogether(way: Way): Promise<number> {
  let next = 0;
  const askOn = async (): Promise<void> => {
    while (next < TOGETHER) {
      const call = next++;
      const value = await way.small?.(call);
      if (value !== call + 1) throw new Error(`${way.name} answered ${value} to ${call}`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, askOn));
  return TOGETHER / ((performance.now() - start) / 1000);
}
