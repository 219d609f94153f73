/**
 * Samples in, a few numbers back; and samples in, the same samples back.
 *
 * In each round each way makes a burst of calls. The first finds a process that has slept while the
 * others had their turn, and caches full of their data: it is told by itself (`first_ms`). The median
 * is of the calls that follow it.
 */
import { crc32 } from "node:zlib";
import type { RecordRow } from "grym-synth";
import type { Cores } from "./awake.ts";
import { median, noise, rotate } from "./statistics.ts";
import type { MissingWay, Way } from "./way.ts";
import { bytesOf } from "./zeromq.ts";

export interface Payload {
  readonly name: string;
  /** float32 */
  readonly samples: number;
  /** Bursts per way. */
  readonly rounds: number;
  /** Calls in a burst beside its first, at most. */
  readonly burst: number;
}

export const PAYLOADS: readonly Payload[] = [
  { name: "1 kB", samples: 256, rounds: 20, burst: 50 },
  { name: "64 kB", samples: 16_384, rounds: 20, burst: 40 },
  { name: "1.92 MB", samples: 480_000, rounds: 12, burst: 20 }, // 30 s of audio at 16 kHz
  { name: "38.4 MB", samples: 9_600_000, rounds: 6, burst: 3 },
];

export type Direction = "one-way" | "echo";
const DIRECTIONS: readonly Direction[] = ["one-way", "echo"];

/** A way that takes longer than this is not asked. */
const LONGEST_CALL_MS = 5_000;
const LONGEST_QUICK_CALL_MS = 1_000;
/** Time that one way may take for one payload in one direction; slow ones get fewer calls. */
const BUDGET_MS = 4_000;
/** The same where less than all rounds are run, times their share. */
const PART_BUDGET_MS = 600;
const WARM_UP = 2;
const FEWEST = 2;

/** Median wall time of a call that is not the first of its burst, milliseconds, by `key`. */
export type Medians = ReadonlyMap<string, number>;
/** Why there is no median, by `key`. */
export type Reasons = ReadonlyMap<string, string>;

export function key(payload: string, direction: Direction, way: string): string {
  return `${payload}, ${direction}, ${way}`;
}

/**
 * @param cores what they do between the calls: for the rows
 * @param share of the rounds: less than 1 for a try
 */
export async function measurePayloads(
  ways: readonly Way[],
  missing: readonly MissingWay[],
  cores: Cores,
  share: number,
): Promise<{ rows: RecordRow[]; medians: Medians; reasons: Reasons }> {
  const rows: RecordRow[] = [];
  const reasons = new Map<string, string>();
  const medians = new Map<string, number>();
  const longest = noise(Math.max(...PAYLOADS.map(({ samples }) => samples)));
  for (const [index, payload] of PAYLOADS.entries()) {
    const samples = longest.slice(0, payload.samples);
    for (const direction of DIRECTIONS) {
      const smaller = PAYLOADS[index - 1];
      const expected = (way: Way): number =>
        smaller === undefined
          ? 0
          : (medians.get(key(smaller.name, direction, way.name)) ?? Number.POSITIVE_INFINITY) *
            (payload.samples / smaller.samples);
      const rounds = Math.max(FEWEST, Math.round(payload.rounds * share));
      const budgetMs = share < 1 ? PART_BUDGET_MS * share : BUDGET_MS;
      const pace = { rounds, burst: payload.burst, budgetMs, isQuick: share < 1, expected };
      const cell = { part: "payload", cores, payload: payload.name, direction };
      const times = await measureCell(ways, samples, direction, pace);
      const floor = median(times.get("memcpy")?.calls ?? []);
      const absent = { calls: 0, median_ms: null, times_memcpy: null, first_ms: null };
      for (const { name } of ways) {
        const found = times.get(name);
        if (found === undefined) continue; // it has only small calls
        const { calls, firsts, reason } = found;
        if (reason !== null) {
          reasons.set(key(payload.name, direction, name), reason);
          rows.push({ ...cell, way: name, ...absent, reason });
          continue;
        }
        const middle = median(calls);
        medians.set(key(payload.name, direction, name), middle);
        const measured = { calls: calls.length, median_ms: middle, times_memcpy: middle / floor };
        rows.push({ ...cell, way: name, ...measured, first_ms: median(firsts), reason });
      }
      for (const { name, reason } of missing) {
        reasons.set(key(payload.name, direction, name), reason);
        rows.push({ ...cell, way: name, ...absent, reason });
      }
    }
  }
  return { rows, medians, reasons };
}

interface Pace {
  readonly rounds: number;
  readonly burst: number;
  readonly budgetMs: number;
  readonly isQuick: boolean;
  /** What a call takes at least, milliseconds. */
  readonly expected: (way: Way) => number;
}

interface Cell {
  /** All but the first of each burst. */
  readonly calls: number[];
  readonly firsts: number[];
  /** Why it was not measured. */
  reason: string | null;
  /** It is asked in every so many rounds. */
  stride: number;
  burst: number;
}

async function measureCell(
  ways: readonly Way[],
  samples: Float32Array,
  direction: Direction,
  pace: Pace,
): Promise<ReadonlyMap<string, Cell>> {
  const cells = new Map<string, Cell>();
  for (const way of ways) {
    const call = bind(way, direction);
    if (call) cells.set(way.name, await openCell(way, call, samples, direction, pace));
  }
  for (let round = 0; round < pace.rounds; round += 1) {
    for (const way of rotate(ways, round)) {
      const cell = cells.get(way.name);
      const call = bind(way, direction);
      if (cell === undefined || call === undefined || cell.reason !== null) continue;
      const isLate = round >= pace.rounds - 1 && cell.firsts.length < FEWEST;
      if (round % cell.stride !== 0 && !isLate) continue;
      cell.firsts.push(await time(way, call, samples));
      for (let index = 0; index < cell.burst; index += 1) {
        cell.calls.push(await time(way, call, samples));
      }
    }
  }
  return cells;
}

/** Shows that a way works, and finds how many calls of it there is time for. */
async function openCell(
  way: Way,
  call: Call,
  samples: Float32Array,
  direction: Direction,
  { rounds, burst, budgetMs, isQuick, expected }: Pace,
): Promise<Cell> {
  const cell: Cell = { calls: [], firsts: [], reason: null, stride: 1, burst };
  const longest = isQuick ? LONGEST_QUICK_CALL_MS : LONGEST_CALL_MS;
  const least = expected(way);
  if (least > longest) {
    const reason = Number.isFinite(least)
      ? `skipped: about ${(least / 1000).toPrecision(2)} s a call, by the next smaller payload`
      : "skipped, as the next smaller payload was";
    return { ...cell, reason };
  }
  try {
    const began = performance.now();
    await check(way, samples, direction);
    let last = performance.now() - began;
    for (let round = 0; round < WARM_UP && !isQuick; round += 1) {
      last = await time(way, call, samples);
    }
    const calls = budgetMs / last; // that there is time for
    cell.burst = Math.max(1, Math.min(burst, Math.floor(calls / rounds) - 1));
    cell.stride = Math.max(1, Math.ceil((rounds * (1 + cell.burst)) / calls));
  } catch (error) {
    cell.reason = `failed: ${error instanceof Error ? error.message : String(error)}`;
  }
  return cell;
}

type Call = (samples: Float32Array) => Promise<unknown>;

function bind(way: Way, direction: Direction): Call | undefined {
  if (direction === "echo") return way.echo && ((samples) => Promise.resolve(way.echo?.(samples)));
  return way.length && ((samples) => Promise.resolve(way.length?.(samples, false)));
}

async function time(way: Way, call: Call, samples: Float32Array): Promise<number> {
  const sent = way.isFresh ? samples.slice() : samples;
  const start = performance.now();
  await call(sent);
  return performance.now() - start;
}

/** Every bit arrives, there and back. */
async function check(way: Way, samples: Float32Array, direction: Direction): Promise<void> {
  if (way.name === "memcpy") return;
  if (direction === "echo") {
    const back = await way.echo?.(samples);
    if (back === undefined || !bytesOf(back).equals(bytesOf(samples))) {
      throw new Error("other samples came back");
    }
    return;
  }
  const summary = await way.length?.(samples, true);
  const { length } = samples;
  const expected = { count: length, first: samples[0], last: samples[length - 1] };
  const isRight =
    summary?.count === expected.count &&
    summary.first === expected.first &&
    summary.last === expected.last &&
    summary.checksum === crc32(bytesOf(samples));
  if (!isRight) throw new Error(`other samples arrived: ${JSON.stringify(summary)}`);
}
