/** A plan from two runs of the real operation. */
import type { AudioSamples } from "../audio/audio-input.ts";
import { type CallOptions, withinLimit } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { MemoryUsage, PeakSource } from "../models/memory-usage.ts";
import type { ModelInfo, ModelService } from "../models/model-service.ts";
import { formatMebibytes } from "./format.ts";
import { type MemoryFit, MemoryPlan, type MemoryProbe } from "./memory-plan.ts";
import { highestOf } from "./spans.ts";

/** A service that says which process it speaks to, as all of ours do. */
export type PlannedService = ModelService & { readonly bridge: GAMABridge };

/** What is planned. */
export interface PlanOptions extends CallOptions {
  /** The model that will work. */
  readonly service: PlannedService;
  /** Length of the longest clip, seconds. */
  readonly seconds: number;
  /**
   * Clips in one call, where there are few: no batch is larger.
   * @default as many as the batch needs
   */
  readonly clips?: number | undefined;
  /**
   * Highest resident memory of the Python process, bytes; on CUDA, of what torch allocates there.
   * @default what is in use now and what is available, less a reserve
   */
  readonly budget?: number | undefined;
}

/** Limits of the plans of a manager. */
export interface PlanLimits {
  readonly reserve: number;
  readonly margin: number;
  readonly maxBatchSize: number;
}

/** Python decodes this many batches ahead; fewer clips would not show what a long run takes. */
const BATCHES_AHEAD = 4;
const SMALL_PROBE = 1;
const LARGE_PROBE = 8;
const RUNS = 3;

/**
 * Measures a batch of 1 and a larger one, after a warm-up and each from a process that has given
 * back what it holds. The larger probe is one that, by the smaller, stays within the budget.
 *
 * @throws InvalidArgumentError options that are no plan
 */
export async function makePlan(options: PlanOptions, limits: PlanLimits): Promise<MemoryPlan> {
  const { service, seconds, clips, budget } = options;
  requirePositive("seconds", seconds);
  if (budget !== undefined) requirePositive("budget", budget);
  if (clips !== undefined && !(Number.isInteger(clips) && clips >= 1)) {
    throw new InvalidArgumentError("clips", "a whole number >= 1", clips);
  }
  return await withinLimit(options.timeoutMs, async (timeLeft) => {
    const callFrom = (): CallOptions => ({
      signal: options.signal,
      timeoutMs: timeLeft(),
      priority: options.priority,
    });
    const info = await service.initialize(callFrom());
    const whole = wholeBatch(info, info.windowSeconds ?? seconds);
    const most = Math.min(limits.maxBatchSize, clips ?? Number.POSITIVE_INFINITY, whole);
    let done = 0;
    let total = RUNS;
    const run = async (batchSize: number): Promise<MeasuredRun> => {
      const report = {
        stage: "probe",
        unit: "runs",
        message: `batch of ${batchSize}`,
      };
      options.onProgress?.({ ...report, done, total });
      const measured = await runProbe(options, info, batchSize, callFrom);
      done += 1;
      options.onProgress?.({ ...report, done, total });
      return measured;
    };
    await run(SMALL_PROBE);
    const small = await run(SMALL_PROBE);
    const allowed = await settleBudget(options, limits, info, callFrom());
    const large = largeProbe(small.probe, allowed.budget, most);
    if (large <= SMALL_PROBE) {
      total = done; // there is no third run
      options.onProgress?.({ stage: "probe", done, total, unit: "runs", message: "" });
    }
    const runs = large > SMALL_PROBE ? [small, await run(large)] : [small];
    await freeMemory(service.bridge, callFrom());
    return new MemoryPlan({
      operation: "extractFeatures",
      modelId: info.modelId,
      memory: onDevice(info) ? "device" : "resident",
      fit: fitLine(runs.map(({ probe }) => probe)),
      probes: runs.map(({ probe }) => probe),
      secondsPerClip: small.probe.secondsPerClip,
      margin: limits.margin,
      maxBatchSize: most,
      splitAbove: most === whole ? info.secondsPerPass : null,
      peakSource: small.peakSource,
      ...allowed,
    });
  });
}

interface MeasuredRun {
  readonly probe: MemoryProbe;
  readonly peakSource: PeakSource;
}

/** One run of the operation over noise: what is in a clip does not change its memory. */
async function runProbe(
  { service, seconds, clips }: PlanOptions,
  info: ModelInfo,
  batchSize: number,
  callFrom: () => CallOptions,
): Promise<MeasuredRun> {
  const count = Math.min(clips ?? Number.POSITIVE_INFINITY, BATCHES_AHEAD * batchSize);
  const clip = noise(seconds, info.sampleRate);
  await freeMemory(service.bridge, callFrom());
  const held = onDevice(info) ? (await service.status(callFrom())).deviceAllocated : null;
  const began = performance.now();
  const { memoryUsage } = await service.extractFeatures(Array<AudioSamples>(count).fill(clip), {
    batchSize,
    ...callFrom(),
  });
  const probe = {
    batchSize,
    clips: count,
    secondsPerClip: info.windowSeconds ?? seconds,
    start: held ?? memoryUsage.startMemory,
    peak: onDevice(info) ? devicePeak(memoryUsage) : memoryUsage.peakMemory,
    seconds: (performance.now() - began) / 1000,
  };
  return { probe, peakSource: memoryUsage.peakSource };
}

/** The caller's budget, or what this machine has to give. */
async function settleBudget(
  { service, budget }: PlanOptions,
  { reserve }: PlanLimits,
  info: ModelInfo,
  call: CallOptions,
): Promise<{ readonly budget: number; readonly budgetSource: string }> {
  if (budget !== undefined) return { budget, budgetSource: "given" };
  await freeMemory(service.bridge, call);
  const { residentMemory, deviceAllocated, memoryAvailable } = await service.status(call);
  const inUse = onDevice(info) ? (deviceAllocated ?? 0) : residentMemory;
  const source =
    `${formatMebibytes(inUse)} in use + ${formatMebibytes(memoryAvailable)} available − ` +
    `${formatMebibytes(reserve)} reserve`;
  return { budget: Math.max(0, inUse + memoryAvailable - reserve), budgetSource: source };
}

/** The larger probe, at most one that stays within the budget if a clip takes all that the first took. */
function largeProbe({ start, peak }: MemoryProbe, budget: number, most: number): number {
  const perClip = Math.max(1, peak - start);
  const fitting = Math.floor((budget - start) / perClip);
  return Math.max(0, Math.min(LARGE_PROBE, most, fitting));
}

/** The largest batch that goes through the model at once: beyond it, the line would be none. */
function wholeBatch({ secondsPerPass }: ModelInfo, secondsPerClip: number): number {
  if (secondsPerPass === null) return Number.POSITIVE_INFINITY;
  // 81.92 / 5.12 may come out a last digit below 16.
  return Math.max(1, Math.floor(secondsPerPass / secondsPerClip + 1e-9));
}

function fitLine([small, large]: readonly MemoryProbe[]): MemoryFit {
  if (small === undefined) return { base: 0, bytesPerClipSecond: 0 };
  // One run alone stands on its own start: what is there without a clip.
  const [low, high] = large ? [small, large] : [{ peak: small.start, batchSize: 0 }, small];
  const perClip = Math.max(0, (high.peak - low.peak) / (high.batchSize - low.batchSize));
  return {
    base: Math.round(low.peak - perClip * low.batchSize),
    bytesPerClipSecond: perClip / small.secondsPerClip,
  };
}

/** What a process keeps from runs before would count for a probe, or hide it. */
async function freeMemory(bridge: GAMABridge, call: CallOptions): Promise<void> {
  await bridge.executeOperation("free_memory", {}, call);
}

function devicePeak({ phases }: MemoryUsage): number {
  return highestOf(phases.map((phase) => phase.devicePeak)) ?? 0;
}

function onDevice({ device }: ModelInfo): boolean {
  return device.startsWith("cuda");
}

/** White noise, the same each time (Park and Miller's generator). */
function noise(seconds: number, sampleRate: number): AudioSamples {
  let state = 20_26;
  const samples = Float32Array.from({ length: Math.ceil(seconds * sampleRate) }, () => {
    state = (state * 48_271) % 0x7fffffff;
    return 0.2 * (state / 0x7fffffff - 0.5);
  });
  return { samples, sampleRate };
}

function requirePositive(field: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidArgumentError(field, "a number above 0", value);
  }
}
