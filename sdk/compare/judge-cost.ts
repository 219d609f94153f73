import type {
  CostMeasurement,
  CostRatio as WireRatio,
  CostVerdict as WireVerdict,
} from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";
import type { CostRatio, CostVerdict } from "./verdict-types.ts";

/** What two arms cost. */
export interface CostInput {
  readonly a: string;
  readonly b: string;
  /** All metrics; void ones are left out before. */
  readonly measurements: readonly Readonly<CostMeasurement>[];
}

/** How costs are judged. */
export interface CostOptions extends StatisticsOptions {
  /** @default 0.95 */
  readonly level?: number | undefined;
  /** @default 0.05 */
  readonly alpha?: number | undefined;
}

/** The verdicts on all cost metrics. */
export interface CostJudgement {
  /** In the order in which the metrics first occur. */
  readonly verdicts: readonly CostVerdict[];
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Judges all cost metrics of two arms at once: a word only for a ratio beyond what two processes of one arm
 * differ by, after Holm's correction over the metrics.
 *
 * @throws OperationFailedError `invalid_request`: a value that is not above 0, a metric or a block without
 *   both arms
 */
export async function judgeCost(
  { a, b, measurements }: CostInput,
  options: CostOptions = {},
): Promise<CostJudgement> {
  const { bridge = sharedBridge(), level, alpha, ...call } = options;
  const result = await bridge.executeOperation(
    "judge_cost",
    {
      a,
      b,
      measurements,
      ...(level === undefined ? {} : { level }),
      ...(alpha === undefined ? {} : { alpha }),
    },
    call,
  );
  const found: CostJudgement = {
    verdicts: result.verdicts.map((verdict) => fromWire(verdict, a, b)),
    processingTime: result.processing_time,
    memoryUsage: toMemoryUsage(result.memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-verdicts.ts")).costJudgementBundle(it));
}

function fromWire(wire: WireVerdict, a: string, b: string): CostVerdict {
  const {
    p_adjusted,
    noise,
    median_a,
    median_b,
    quantiles_a,
    quantiles_b,
    drift_a,
    drift_b,
    ...verdict
  } = wire;
  const found: CostVerdict = {
    a,
    b,
    ...verdict,
    pAdjusted: p_adjusted,
    noise: noise === null ? null : ratioFromWire(noise),
    medianA: median_a,
    medianB: median_b,
    quantilesA: quantiles_a,
    quantilesB: quantiles_b,
    driftA: drift_a,
    driftB: drift_b,
  };
  return showAs(found, async (it) => (await import("./shown-verdicts.ts")).costVerdictBundle(it));
}

function ratioFromWire({ p_value, ...ratio }: WireRatio): CostRatio {
  return { ...ratio, p: p_value };
}
