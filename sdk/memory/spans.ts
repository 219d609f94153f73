/** What Python writes down while a profile runs, in the words of the SDK. */
import type {
  MemorySpan as WireSpan,
  MemoryTimeline as WireTimeline,
} from "../bridge/protocol.gen.ts";

/** One phase of one operation; bytes, and seconds since the profile began. */
export interface MemorySpan {
  readonly operation: string;
  /** load, decode, frontend, encode, generate, probe … */
  readonly phase: string;
  /** 0: not inside another phase. */
  readonly depth: number;
  readonly began: number;
  readonly seconds: number;
  /** Resident memory when it began. */
  readonly start: number;
  /** Highest resident memory in it. */
  readonly peak: number;
  readonly end: number;
  /** Of `end`: anonymous memory. */
  readonly anonymous: number;
  /** Of `end`: pages of mapped files (weights count here). */
  readonly fileMapped: number;
  /** Of `end`: shared memory (the arenas). */
  readonly shared: number;
  /** Most that torch allocated in it, summed over CUDA devices; null without CUDA. */
  readonly devicePeak: number | null;
}

/** Samples, one column each, bytes; between two samples memory may have been higher. */
export interface MemoryTimeline {
  /** Seconds between samples; grows with the length of the profile. */
  readonly interval: number;
  /** Since the profile began. */
  readonly seconds: readonly number[];
  readonly anonymous: readonly number[];
  readonly fileMapped: readonly number[];
  readonly shared: readonly number[];
  /** What torch holds on CUDA devices; null while CUDA is not in use. */
  readonly deviceAllocated: readonly (number | null)[];
}

/** All spans of one phase name. A phase inside another counts in both. */
export interface PhaseSummary {
  readonly phase: string;
  /** The operations that it was a phase of. */
  readonly operations: readonly string[];
  readonly calls: number;
  /** Of all calls. */
  readonly seconds: number;
  /** Resident memory at the beginning of the call with the highest peak, bytes. */
  readonly start: number;
  /** Highest resident memory in any call, bytes. */
  readonly peak: number;
  /** What a call took at most, peak - start; not always the call with the highest peak. */
  readonly used: number;
  /** Anonymous memory at the end of the last call, bytes. */
  readonly anonymous: number;
  /** File-mapped memory at the end of the last call (mapped weights count here), bytes. */
  readonly fileMapped: number;
  /** Highest in any call; null without CUDA. */
  readonly devicePeak: number | null;
}

export function toSpan({ file_mapped, device_peak, ...span }: WireSpan): MemorySpan {
  return { ...span, fileMapped: file_mapped, devicePeak: device_peak };
}

export function toTimeline(timeline: WireTimeline): MemoryTimeline {
  const { file_mapped, device_allocated, ...columns } = timeline;
  return { ...columns, fileMapped: file_mapped, deviceAllocated: device_allocated };
}

/** The phases by name, in the order of their first beginning. */
export function summarizePhases(spans: readonly MemorySpan[]): PhaseSummary[] {
  return [...Map.groupBy(spans, ({ phase }) => phase)].map(([phase, calls]) => {
    const highest = calls.reduce((best, span) => (span.peak > best.peak ? span : best));
    const last = calls.reduce((latest, span) => (span.began >= latest.began ? span : latest));
    return {
      phase,
      operations: [...new Set(calls.map(({ operation }) => operation))],
      calls: calls.length,
      seconds: calls.reduce((sum, span) => sum + span.seconds, 0),
      start: highest.start,
      peak: highest.peak,
      used: Math.max(...calls.map(({ peak, start }) => peak - start)),
      anonymous: last.anonymous,
      fileMapped: last.fileMapped,
      devicePeak: highestOf(calls.map(({ devicePeak }) => devicePeak)),
    };
  });
}

/** The highest of those that are numbers; null when none is. */
export function highestOf(values: readonly (number | null)[]): number | null {
  return values.reduce(
    (most, value) => (value === null ? most : Math.max(value, most ?? value)),
    null,
  );
}
