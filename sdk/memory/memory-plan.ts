import { table } from "../display/table.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { MemoryUsage, PeakSource } from "../models/memory-usage.ts";
import { ShownObject } from "../shown-object.ts";
import { formatMebibytes, mebibytes, PEAK_SOURCES } from "./format.ts";
import { MemoryReport } from "./memory-report.ts";
import { highestOf } from "./spans.ts";

/** Peak of an operation: a line in batch × seconds, bytes. */
export interface MemoryFit {
  /** What is there without a clip: libraries, weights, what the process keeps. */
  readonly base: number;
  readonly bytesPerClipSecond: number;
}

/** One measured run. */
export interface MemoryProbe {
  readonly batchSize: number;
  /** Clips in the call. */
  readonly clips: number;
  /** What the model computes for each clip: its window, or the clip's own length. */
  readonly secondsPerClip: number;
  /** Memory at its beginning, bytes. */
  readonly start: number;
  readonly peak: number;
  /** Wall time of the run, seconds. */
  readonly seconds: number;
}

/** A plan beside what then happened; bytes. */
export interface PlanComparison {
  readonly predicted: number;
  readonly measured: number;
  /** (predicted - measured) / measured: above 0 the plan was on the safe side. */
  readonly error: number;
  readonly withinBudget: boolean;
}

/** What a {@link MemoryPlan} is made of. */
export interface MemoryPlanParts {
  readonly operation: string;
  readonly modelId: string;
  /** `resident`: of the Python process; `device`: what torch allocates on CUDA. */
  readonly memory: "resident" | "device";
  readonly fit: MemoryFit;
  readonly probes: readonly MemoryProbe[];
  readonly secondsPerClip: number;
  readonly budget: number;
  /** How the budget came about, in words. */
  readonly budgetSource: string;
  readonly margin: number;
  readonly maxBatchSize: number;
  /** Seconds of audio above which the model splits a batch, where that is what limits it; else null. */
  readonly splitAbove: number | null;
  readonly peakSource: PeakSource;
}

/** The largest batch whose peak stays within a budget, from measured peaks of this machine. */
export class MemoryPlan extends ShownObject {
  readonly operation: string;
  readonly modelId: string;
  readonly memory: "resident" | "device";
  /** 0 when not even one clip fits. */
  readonly batchSize: number;
  /** Of `batchSize`, or of a batch of 1 where none fits; bytes. */
  readonly predictedPeak: number;
  /** Highest memory that is allowed, bytes. */
  readonly budget: number;
  readonly budgetSource: string;
  readonly feasible: boolean;
  /** What a batch of 1 needs, bytes. */
  readonly smallestBudget: number;
  readonly fit: MemoryFit;
  readonly probes: readonly MemoryProbe[];
  readonly secondsPerClip: number;
  /** Share of the prediction kept free for what a line does not tell. */
  readonly margin: number;
  /** Largest batch that could be planned, whatever the budget: clips, limit, or one pass of the model. */
  readonly maxBatchSize: number;
  readonly assumption: string;
  readonly peakSource: PeakSource;

  constructor(parts: MemoryPlanParts) {
    const { fit, secondsPerClip, budget, margin, maxBatchSize } = parts;
    const predict = (batch: number): number =>
      Math.round(fit.base + fit.bytesPerClipSecond * batch * secondsPerClip);
    const needed = (batch: number): number => Math.ceil(predict(batch) * (1 + margin));
    const batchSize = largestBatch(needed, budget, maxBatchSize);
    super(describePlan(parts, batchSize, predict(Math.max(1, batchSize)), needed(1)), () => ({
      "text/html": this.#table().source,
      "text/plain": `${this.toString()}\n${this.#table().text}`,
    }));
    this.operation = parts.operation;
    this.modelId = parts.modelId;
    this.memory = parts.memory;
    this.batchSize = batchSize;
    this.predictedPeak = predict(Math.max(1, batchSize));
    this.budget = budget;
    this.budgetSource = parts.budgetSource;
    this.feasible = batchSize > 0;
    this.smallestBudget = needed(1);
    this.fit = fit;
    this.probes = parts.probes;
    this.secondsPerClip = secondsPerClip;
    this.margin = margin;
    this.maxBatchSize = maxBatchSize;
    this.assumption = describeAssumption(parts);
    this.peakSource = parts.peakSource;
  }

  /** Predicted peak of any batch, bytes; without the margin. */
  predict(batchSize: number): number {
    const { base, bytesPerClipSecond } = this.fit;
    return Math.round(base + bytesPerClipSecond * batchSize * this.secondsPerClip);
  }

  /**
   * The plan beside a run of it: a report, or the `memoryUsage` of a result. That it is a run of the
   * planned batch through the planned model is yours to see to: neither says so.
   *
   * @throws InvalidArgumentError the plan is not feasible, so there is no run of it; or it is of a
   *   CUDA device, and the run did not use one
   */
  compare(run: MemoryReport | MemoryUsage): PlanComparison {
    if (!this.feasible) {
      throw new InvalidArgumentError("run", "a run of a plan that is feasible", this.toString());
    }
    const measured = this.memory === "device" ? devicePeak(run) : residentPeak(run);
    if (measured === null) {
      throw new InvalidArgumentError("run", "a run on the CUDA device of the plan", String(run));
    }
    const predicted = this.predictedPeak;
    const error = (predicted - measured) / measured;
    return { predicted, measured, error, withinBudget: measured <= this.budget };
  }

  #table(): ReturnType<typeof table> {
    const probes = this.probes.map(({ batchSize, clips, peak, seconds }) => ({
      "": "probe",
      batch: batchSize,
      clips,
      "peak MiB": mebibytes(peak),
      "predicted MiB": mebibytes(this.predict(batchSize)),
      seconds: Number(seconds.toPrecision(3)),
    }));
    const row = this.feasible ? "plan" : "smallest";
    const plan = {
      "": row,
      batch: Math.max(1, this.batchSize),
      clips: null,
      "peak MiB": null,
      "predicted MiB": mebibytes(this.predictedPeak),
      seconds: null,
    };
    return table([...probes, plan], { title: `${this.toString()} ${this.assumption}` });
  }
}

/** The largest batch within the budget, 0 when none is. */
function largestBatch(needed: (batch: number) => number, budget: number, most: number): number {
  let batch = 0;
  while (batch < most && needed(batch + 1) <= budget) batch += 1;
  return batch;
}

function residentPeak(run: MemoryReport | MemoryUsage): number {
  return run instanceof MemoryReport ? run.python.peakMemory : run.peakMemory;
}

function devicePeak(run: MemoryReport | MemoryUsage): number | null {
  if (run instanceof MemoryReport) return run.device?.peakMemory ?? null;
  return highestOf(run.phases.map((phase) => phase.devicePeak));
}

function describePlan(
  { operation, modelId, budget, budgetSource, secondsPerClip }: MemoryPlanParts,
  batchSize: number,
  predicted: number,
  smallestBudget: number,
): string {
  const what = `${operation}, ${modelId}, ${secondsPerClip} s a clip`;
  const limit = `a budget of ${formatMebibytes(budget)} (${budgetSource})`;
  return batchSize > 0
    ? `MemoryPlan(${what}: batches of ${batchSize}, predicted peak ${formatMebibytes(predicted)}, within ${limit})`
    : `MemoryPlan(${what}: not feasible within ${limit}; the smallest is ${formatMebibytes(smallestBudget)})`;
}

function describeAssumption(parts: MemoryPlanParts): string {
  const { fit, probes, secondsPerClip, margin, memory, peakSource, splitAbove, maxBatchSize } =
    parts;
  const batches = probes.map(({ batchSize }) => batchSize).join(" and ");
  const runs =
    probes.length > 1
      ? `a line through two measured runs (batches of ${batches})`
      : `one measured run (a batch of ${batches}; a larger one would have gone beyond the budget or the ` +
        "number of clips), all that it took above its start counted for its clips";
  const kind = memory === "device" ? "what torch allocates on the device" : "the process's memory";
  return (
    `Assumed: the peak of ${kind} is ${formatMebibytes(fit.base)} + ` +
    `${formatMebibytes(fit.bytesPerClipSecond)} × batch × ${secondsPerClip} s after padding, ` +
    `${runs}; ${Math.round(margin * 100)} % of it is kept free, because an allocator is no line. It holds for this ` +
    "machine, this model, clips of this length, and a process that has given back what it does not need " +
    "(releaseResources). " +
    (splitAbove === null
      ? ""
      : `No batch above ${maxBatchSize} is planned: the model splits what is longer than ${splitAbove} s. `) +
    `Peaks: ${PEAK_SOURCES[peakSource]}.`
  );
}
