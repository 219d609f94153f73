import type { Target } from "grym-synth";
import { type Busy, WORKS } from "./busy.ts";
import { type Direction, key, type Medians, type Reasons } from "./payloads.ts";
import { MODELS, type Replay } from "./replay.ts";
import type { SmallCalls } from "./small-calls.ts";
import type { MissingWay } from "./way.ts";

export interface Found {
  readonly medians: Medians;
  readonly reasons: Reasons;
  readonly small: ReadonlyMap<string, SmallCalls>;
  readonly missing: readonly MissingWay[];
  readonly busy: readonly Busy[];
  readonly replays: readonly Replay[];
}

/** A number, or why there is none. */
type Measured = number | { readonly reason: string };

const AUDIO = "1.92 MB";
const LARGE = "38.4 MB";
const REUSED = "ours, reused buffers";
const FRESH = "ours, fresh buffers";
const LEFT_OUT = "this run leaves it out";

/** What was promised, as ratios of the same run: every target, also one that was not measured. */
export function targetsOf({ medians, reasons, small, missing, busy, replays }: Found): Target[] {
  const ms = (payload: string, direction: Direction, way: string): Measured => {
    const cell = key(payload, direction, way);
    return medians.get(cell) ?? { reason: `${cell}: ${reasons.get(cell) ?? LEFT_OUT}` };
  };
  const calls = (way: string, number: keyof SmallCalls): Measured =>
    small.get(way)?.[number] ?? {
      reason: `${way}: ${missing.find(({ name }) => name === way)?.reason ?? LEFT_OUT}`,
    };
  const chosen = (work: string, number: "pingP50Ms" | "overStandard"): Measured =>
    busy.find((row) => row.isOurs && row.work === work)?.[number] ?? { reason: LEFT_OUT };
  const oneWay = ms(AUDIO, "one-way", REUSED);
  return [
    lower("1.92 MB one-way / memcpy", quotient(oneWay, ms(AUDIO, "one-way", "memcpy")), 8),
    higher(
      "1.92 MB one-way, seed / ours",
      quotient(ms(AUDIO, "one-way", "seed, JSON arrays"), oneWay),
      1000,
    ),
    higher(
      "1.92 MB one-way, ZeroMQ / ours, reused buffers",
      quotient(ms(AUDIO, "one-way", "ZeroMQ, reused buffers"), oneWay),
      3,
    ),
    higher(
      "1.92 MB one-way, ZeroMQ / ours, fresh buffers",
      quotient(ms(AUDIO, "one-way", "ZeroMQ, fresh buffers"), ms(AUDIO, "one-way", FRESH)),
      1.5,
    ),
    lower(
      "38.4 MB echo, reused buffers / two memcpy",
      quotient(ms(LARGE, "echo", REUSED), ms(LARGE, "echo", "memcpy")),
      7,
    ),
    lower(
      "small call p50 / blocking line loop",
      quotient(calls(FRESH, "p50Us"), calls("bare line loop, blocking", "p50Us")),
      2.5,
    ),
    higher(
      "calls/s at 64 in flight / reader-thread line loop",
      quotient(
        calls(FRESH, "callsPerSecond"),
        calls("bare line loop, reader thread", "callsPerSecond"),
      ),
      0.4,
    ),
    lower("small call p50 / HTTP", quotient(calls(FRESH, "p50Us"), calls("HTTP", "p50Us")), 0.2),
    ...WORKS.filter((work) => work !== "forward").map((work) =>
      lower(`ping p50 under ${work}, ms`, chosen(work, "pingP50Ms"), 1.5),
    ),
    ...WORKS.map((work) =>
      higher(
        `steps/s of ${work} under pings / the same at 5 ms`,
        chosen(work, "overStandard"),
        0.95,
      ),
    ),
    ...MODELS.map((model) =>
      lower(
        `kill -9 to answer, over start and load (model: ${model}), ms`,
        replays.find((row) => row.model === model)?.overheadMs ?? { reason: LEFT_OUT },
        50,
      ),
    ),
  ];
}

function quotient(value: Measured, by: Measured): Measured {
  if (typeof value !== "number") return value;
  return typeof by === "number" ? value / by : by;
}

function lower(name: string, measured: Measured, goal: number): Target {
  return { name, ...describe(measured), goal, better: "lower" };
}

function higher(name: string, measured: Measured, goal: number): Target {
  return { name, ...describe(measured), goal, better: "higher" };
}

function describe(measured: Measured): Pick<Target, "value" | "reason"> {
  if (typeof measured !== "number") return { value: null, ...measured };
  if (Number.isFinite(measured)) return { value: measured };
  return { value: null, reason: `it came to ${measured}` };
}
