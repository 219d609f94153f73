/** What the timed calls of a run say, void ones left out. */
import type { CallOptions } from "../../../bridge/call-options.ts";
import type { GAMABridge } from "../../../bridge/gama-bridge.ts";
import type { CostMeasurement } from "../../../bridge/protocol.gen.ts";
import { judgeCost } from "../../judge-cost.ts";
import type { CostRun, StudyResults } from "../../results-types.ts";
import type { CostCall } from "../../study-types.ts";
import type { StoredStudy } from "../stored-study.ts";

const BYTES_PER_MB = 1e6;

/** Verdicts of the stored calls, and how these were measured. */
export async function judgeStoredCost(
  study: StoredStudy,
  options: Pick<CallOptions, "signal"> & { readonly bridge: GAMABridge },
): Promise<Pick<StudyResults, "cost" | "costRun">> {
  const { cost: design, level, alpha } = study.design;
  if (design === null) return { cost: null, costRun: null };
  const calls = study.costCalls.filter((call) => call.void === undefined);
  const { a, b } = design;
  const measurements = toMeasurements(calls);
  const { verdicts } = await judgeCost({ a, b, measurements }, { ...options, level, alpha });
  return { cost: verdicts, costRun: toCostRun(study, calls) };
}

/** Latency and throughput by block; what a process has once, by process. */
export function toMeasurements(calls: readonly CostCall[]): CostMeasurement[] {
  const take = (
    metric: string,
    unit: CostMeasurement["unit"],
    of: readonly CostCall[],
    numberOf: (call: CostCall) => number | null,
  ): CostMeasurement[] => {
    const found = of.flatMap((call) => {
      const value = numberOf(call);
      return value === null || value <= 0 ? [] : [{ call, value }];
    });
    // A metric that only some calls have (an arm on the CPU, one on a device) compares nothing.
    if (found.length < of.length) return [];
    return found.map(({ call, value }) => {
      const { phase, side, incarnation, block, seconds } = call;
      const place = { phase, arm: side, process: incarnation, block: block ?? 0 };
      return { metric, unit, ...place, value, seconds };
    });
  };
  const named = (call: CostCall["call"]): CostCall[] => calls.filter((each) => each.call === call);
  const byProcess = Map.groupBy(calls, (call) => `${call.phase} ${call.incarnation} ${call.side}`);
  const highest = (bytesOf: (call: CostCall) => number | null): CostCall[] =>
    [...byProcess.values()].map((members) => {
      const [first] = members;
      if (first === undefined) throw new TypeError("A group has no member");
      const top = members.reduce(
        (most, each) => ((bytesOf(each) ?? 0) > (bytesOf(most) ?? 0) ? each : most),
        first,
      );
      return { ...top, block: null };
    });
  const peak = (call: CostCall): number => call.peakBytes / BYTES_PER_MB;
  const devicePeak = ({ devicePeakBytes }: CostCall): number | null =>
    devicePeakBytes === null ? null : devicePeakBytes / BYTES_PER_MB;
  return [
    ...take("per-clip latency (ms)", "block", named("single"), ({ wallMs }) => wallMs),
    ...take("throughput (clips/s)", "block", named("batch"), (it) => (1000 * it.clips) / it.wallMs),
    ...take("first latency (ms)", "process", named("first"), ({ wallMs }) => wallMs),
    ...take("peak memory (MB)", "process", highest(peak), peak),
    ...take("peak device memory (MB)", "process", highest(devicePeak), devicePeak),
    ...take("energy (J/clip)", "block", named("batch"), ({ joules, clips }) =>
      joules === null ? null : joules / clips,
    ),
  ];
}

function toCostRun(
  { design, voids, energy }: StoredStudy,
  calls: readonly CostCall[],
): CostRun | null {
  if (design.cost === null) return null;
  const { incarnations, blocks } = design.cost;
  const loads = calls.map(({ load }) => load);
  const batches = calls.filter(({ call }) => call === "batch").map(({ clips }) => clips);
  const singles = calls.filter(({ call }) => call === "single").length;
  return {
    incarnations,
    blocks,
    singles: Math.round(singles / batches.length),
    batch: Math.max(...batches),
    voids: voids.map(({ phase, incarnation, reason }) => ({ phase, incarnation, reason })),
    load: { least: Math.min(...loads), most: Math.max(...loads) },
    peakSources: [...new Set(calls.map(({ peakSource }) => peakSource))].sort(),
    noEnergy: energy.find(({ reason }) => reason !== null)?.reason ?? null,
  };
}
