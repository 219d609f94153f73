import { table } from "../display/table.ts";
import { InvalidArgumentError } from "../errors.ts";
import { formatMebibytes } from "../memory/format.ts";
import { ShownObject } from "../shown-object.ts";

/** How often something is timed. */
export interface TimedOptions {
  /** @default 1 */
  readonly runs?: number | undefined;
  /**
   * Runs before those that count: caches fill, code is compiled.
   * @default 0
   */
  readonly warmup?: number | undefined;
}

/** Resident memory of the Node process, bytes; the models' is in Python: `profile`. */
export interface TimedMemory {
  /** Before the first run. */
  readonly start: number;
  /** After the last one. */
  readonly end: number;
  /** end - start; below 0 where memory was given back meanwhile. */
  readonly used: number;
}

/** How long something took, and what came of it. A notebook shows the times. */
export class Timed<T> extends ShownObject {
  /** Of the last run. */
  readonly value: T;
  /** Seconds of each run, in order. */
  readonly durations: readonly number[];
  /** Seconds. */
  readonly min: number;
  /** Seconds; of an even number of runs the mean of the middle two. */
  readonly median: number;
  /** Seconds. */
  readonly max: number;
  readonly memory: TimedMemory;

  constructor(value: T, durations: readonly number[], memory: TimedMemory) {
    const sorted = durations.toSorted((a, b) => a - b);
    const [min, median, max] = [sorted[0] ?? 0, medianOf(sorted), sorted.at(-1) ?? 0];
    const runs = sorted.length;
    const spread = runs === 1 ? "" : `, ${duration(min)} to ${duration(max)} in ${runs} runs`;
    const used = `${memory.used < 0 ? "−" : "+"}${formatMebibytes(Math.abs(memory.used))}`;
    super(`Timed(${duration(median)}${spread}; Node's memory ${used})`, () => ({
      "text/html": table([
        {
          median: duration(median),
          min: duration(min),
          max: duration(max),
          runs,
          "Node's memory": used,
        },
      ]).source,
    }));
    this.value = value;
    this.durations = durations;
    this.min = min;
    this.median = median;
    this.max = max;
    this.memory = memory;
  }
}

/**
 * Runs something, once or several times one after the other, and tells how long it took: what IPython does
 * with `%time` and `%timeit`. The first rejection ends it, and is the caller's.
 *
 * @throws InvalidArgumentError `runs` below 1 or `warmup` below 0
 * @example
 * const { value, median } = await timed(() => gama.processAudio("clip.wav"), { runs: 5, warmup: 1 });
 */
export async function timed<T>(
  work: () => T | PromiseLike<T>,
  options: TimedOptions = {},
): Promise<Timed<Awaited<T>>> {
  const { runs = 1, warmup = 0 } = options;
  requireCount("runs", runs, 1);
  requireCount("warmup", warmup, 0);
  for (let run = 0; run < warmup; run += 1) await work();
  const start = process.memoryUsage.rss();
  const durations: number[] = [];
  const once = async (): Promise<Awaited<T>> => {
    const began = performance.now();
    const value = await work();
    durations.push((performance.now() - began) / 1000);
    return value;
  };
  let value = await once();
  for (let run = 1; run < runs; run += 1) value = await once();
  const end = process.memoryUsage.rss();
  return new Timed(value, durations, { start, end, used: end - start });
}

function requireCount(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new InvalidArgumentError(name, `a whole number >= ${least}`, value);
}

function medianOf(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** Three significant digits, in the unit in which they are whole or nearly so. */
function duration(seconds: number): string {
  const [unit, factor] =
    seconds >= 1 ? ["s", 1] : seconds >= 1e-3 ? ["ms", 1e3] : (["µs", 1e6] as const);
  return `${Number((seconds * factor).toPrecision(3))} ${unit}`;
}
