import type { PeakSource } from "../../models/memory-usage.ts";
import type { ResultEnvelope } from "../../models/result-envelope.ts";

/** What a call took in Python. */
export interface Work {
  readonly seconds: number;
  /** Highest resident memory of the process in it. */
  readonly peakBytes: number;
  readonly peakSource: PeakSource;
  /** On CUDA devices; null without CUDA. */
  readonly devicePeakBytes: number | null;
  /** Whether something was not computed, but taken from the disk. */
  readonly isCached: boolean;
}

export function toWork(
  { processingTime, memoryUsage }: Pick<ResultEnvelope, "processingTime" | "memoryUsage">,
  isCached = false,
): Work {
  const { peakMemory, peakSource, phases } = memoryUsage;
  const device = phases.flatMap(({ devicePeak }) => devicePeak ?? []);
  const devicePeakBytes = device.length === 0 ? null : Math.max(...device);
  return {
    seconds: processingTime,
    peakBytes: peakMemory,
    peakSource,
    devicePeakBytes,
    isCached,
  };
}
