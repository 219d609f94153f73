import type { MemoryUsage as WireMemoryUsage } from "../bridge/protocol.gen.ts";

/** Memory of one phase of an operation, bytes. */
export interface MemoryPhase {
  /** load, decode, frontend, encode, generate, probe … */
  readonly phase: string;
  readonly seconds: number;
  /** Resident memory when it began; of several of its name, when the one with the highest peak began. */
  readonly start: number;
  /** Highest resident memory in the phase. */
  readonly peak: number;
  /** Anonymous resident memory at its end. */
  readonly anonymous: number;
  /** File-mapped resident memory at its end (mapped weights count here). */
  readonly fileMapped: number;
  /** Highest memory on the CUDA device; null without CUDA. */
  readonly devicePeak: number | null;
}

/** How a peak was measured: the kernel's mark reset per phase, the highest sample, or since the start. */
export type PeakSource = WireMemoryUsage["peak_source"];

/** Memory of an operation, bytes. */
export interface MemoryUsage {
  readonly startMemory: number;
  readonly peakMemory: number;
  readonly endMemory: number;
  /** peakMemory - startMemory. */
  readonly usedMemory: number;
  /** The kernel's mark reset per phase, or a weaker way. */
  readonly peakSource: PeakSource;
  readonly phases: readonly MemoryPhase[];
}

/** @returns the same in camelCase */
export function toMemoryUsage(usage: WireMemoryUsage): MemoryUsage {
  return {
    startMemory: usage.start_memory,
    peakMemory: usage.peak_memory,
    endMemory: usage.end_memory,
    usedMemory: usage.used_memory,
    peakSource: usage.peak_source,
    phases: usage.phases.map(({ file_mapped, device_peak, ...phase }) => ({
      ...phase,
      fileMapped: file_mapped,
      devicePeak: device_peak,
    })),
  };
}
