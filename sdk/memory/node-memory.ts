/** Memory of this Node process, by the same mark of the kernel that the Python side uses. */
import { readFileSync, writeFileSync } from "node:fs";
import type { PeakSource } from "../models/memory-usage.ts";

/** Resident memory of Node over time, bytes; between two samples it may have been higher. */
export interface NodeTimeline {
  /** Since the profile began. */
  readonly seconds: readonly number[];
  readonly resident: readonly number[];
}

/** Memory of the Node process while a profile ran, bytes. */
export interface NodeMemory {
  readonly startMemory: number;
  readonly peakMemory: number;
  readonly endMemory: number;
  /** peakMemory - startMemory. */
  readonly usedMemory: number;
  /** `high_water_mark`: the kernel's mark, reset at the start; `sampled`: the highest sample. */
  readonly peakSource: PeakSource;
  readonly timeline: NodeTimeline;
}

/** Largest number of samples; beyond it the interval doubles and of each pair the higher one stays. */
const MAX_SAMPLES = 4096;
/** A timer of Node is no more exact than this, and each sample takes the one thread. */
const SHORTEST_INTERVAL_MS = 20;
const RESET_PEAK = "5";

/** The probes that run: a mark reset for one must not hide a peak from another. */
const running = new Set<NodeMemoryProbe>();

/** Watches the memory of this process from its making until `end`. */
export class NodeMemoryProbe {
  readonly #began = performance.now();
  readonly #start: number;
  readonly #seconds: number[] = [];
  readonly #resident: number[] = [];
  #peak: number;
  #isExact: boolean;
  #intervalMs: number;
  #timer: NodeJS.Timeout;

  /** @param intervalSeconds between samples; not below 0.02, which is what a timer can keep */
  constructor(intervalSeconds: number) {
    this.#intervalMs = Math.max(SHORTEST_INTERVAL_MS, intervalSeconds * 1000);
    this.#isExact = accountPeak();
    running.add(this);
    this.#start = readStatus().resident;
    this.#peak = this.#start;
    this.#sample();
    this.#timer = this.#schedule();
  }

  /** Ends the watch. */
  end(): NodeMemory {
    clearInterval(this.#timer);
    this.#isExact = accountPeak() && this.#isExact;
    running.delete(this);
    this.#sample();
    const endMemory = this.#resident.at(-1) ?? this.#start;
    return {
      startMemory: this.#start,
      peakMemory: this.#peak,
      endMemory,
      usedMemory: this.#peak - this.#start,
      peakSource: this.#isExact ? "high_water_mark" : "sampled",
      timeline: { seconds: this.#seconds, resident: this.#resident },
    };
  }

  include(peak: number): void {
    this.#peak = Math.max(this.#peak, peak);
  }

  #schedule(): NodeJS.Timeout {
    return setInterval(() => this.#sample(), this.#intervalMs).unref();
  }

  #sample(): void {
    const { resident } = readStatus();
    this.#seconds.push((performance.now() - this.#began) / 1000);
    this.#resident.push(resident);
    this.include(resident);
    if (this.#resident.length < MAX_SAMPLES) return;
    for (let pair = 0; pair < MAX_SAMPLES / 2; pair += 1) {
      const [first, second] = [2 * pair, 2 * pair + 1];
      const higher = value(this.#resident, first) >= value(this.#resident, second) ? first : second;
      this.#seconds[pair] = value(this.#seconds, higher);
      this.#resident[pair] = value(this.#resident, higher);
    }
    this.#seconds.length = MAX_SAMPLES / 2;
    this.#resident.length = MAX_SAMPLES / 2;
    this.#intervalMs *= 2;
    clearInterval(this.#timer);
    this.#timer = this.#schedule();
  }
}

/** Books the kernel's mark on every running probe and resets it; false where that does not work. */
function accountPeak(): boolean {
  const { peak } = readStatus();
  if (peak === undefined) return false;
  try {
    writeFileSync("/proc/self/clear_refs", RESET_PEAK);
  } catch {
    return false; // the mark is then that of the whole life of the process, and no one's peak
  }
  for (const probe of running) probe.include(peak);
  return true;
}

/** Resident memory now and the kernel's mark, bytes; no mark where there is no /proc. */
function readStatus(): { readonly resident: number; readonly peak: number | undefined } {
  let text: string;
  try {
    text = readFileSync("/proc/self/status", "latin1");
  } catch {
    return { resident: process.memoryUsage.rss(), peak: undefined };
  }
  const read = (name: string): number | undefined => {
    const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  };
  return { resident: read("VmRSS") ?? process.memoryUsage.rss(), peak: read("VmHWM") };
}

function value(column: readonly number[], index: number): number {
  return column[index] ?? 0;
}
