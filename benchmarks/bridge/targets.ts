import type { Target } from "grym-synth";
import type { Busy } from "./busy.ts";
import { type Direction, key, type Medians } from "./payloads.ts";
import type { Replay } from "./replay.ts";
import type { SmallCalls } from "./small-calls.ts";

export interface Found {
  readonly medians: Medians;
  readonly small: ReadonlyMap<string, SmallCalls>;
  readonly busy: readonly Busy[];
  readonly replays: readonly Replay[];
}

const AUDIO = "1.92 MB";
const LARGE = "38.4 MB";
const REUSED = "ours, reused buffers";
const FRESH = "ours, fresh buffers";

/** What was promised, as ratios of the same run. A number that is missing was not measured: no target. */
export function targetsOf({ medians, small, busy, replays }: Found): Target[] {
  const ms = (payload: string, direction: Direction, way: string): number =>
    medians.get(key(payload, direction, way)) ?? Number.NaN;
  const oneWay = ms(AUDIO, "one-way", REUSED);
  const ours = small.get(FRESH);
  const blocking = small.get("bare line loop, blocking");
  const reader = small.get("bare line loop, reader thread");
  const http = small.get("HTTP");
  const chosen = busy.filter(({ isOurs }) => isOurs);
  const targets: Target[] = [
    lower("1.92 MB one-way / memcpy", oneWay / ms(AUDIO, "one-way", "memcpy"), 8),
    higher(
      "1.92 MB one-way, seed / ours",
      ms(AUDIO, "one-way", "seed, JSON arrays") / oneWay,
      1000,
    ),
    higher(
      "1.92 MB one-way, ZeroMQ / ours, reused buffers",
      ms(AUDIO, "one-way", "ZeroMQ, reused buffers") / oneWay,
      3,
    ),
    higher(
      "1.92 MB one-way, ZeroMQ / ours, fresh buffers",
      ms(AUDIO, "one-way", "ZeroMQ, fresh buffers") / ms(AUDIO, "one-way", FRESH),
      1.5,
    ),
    lower(
      "38.4 MB echo, reused buffers / two memcpy",
      ms(LARGE, "echo", REUSED) / ms(LARGE, "echo", "memcpy"),
      7,
    ),
    lower("small call p50 / blocking line loop", quotient(ours?.p50Us, blocking?.p50Us), 2.5),
    higher(
      "calls/s at 64 in flight / reader-thread line loop",
      quotient(ours?.callsPerSecond, reader?.callsPerSecond),
      0.4,
    ),
    lower("small call p50 / HTTP", quotient(ours?.p50Us, http?.p50Us), 0.2),
    ...chosen
      .filter(({ work }) => work !== "forward")
      .map(({ work, pingP50Ms }) => lower(`ping p50 under ${work}, ms`, pingP50Ms, 1.5)),
    ...chosen.map(({ work, overStandard }) =>
      higher(`steps/s of ${work} under pings / the same at 5 ms`, overStandard, 0.95),
    ),
    ...replays.map(({ model, overheadMs }) =>
      lower(`kill -9 to answer, over start and load (model: ${model}), ms`, overheadMs, 50),
    ),
  ];
  return targets.filter(({ value }) => Number.isFinite(value));
}

function quotient(value: number | undefined, by: number | undefined): number {
  return (value ?? Number.NaN) / (by ?? Number.NaN);
}

function lower(name: string, value: number, goal: number): Target {
  return { name, value, goal, better: "lower" };
}

function higher(name: string, value: number, goal: number): Target {
  return { name, value, goal, better: "higher" };
}
