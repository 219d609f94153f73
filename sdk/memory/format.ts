import type { PeakSource } from "../models/memory-usage.ts";

const MEBIBYTE = 1024 * 1024;

/** Bytes as MiB, to a tenth. */
export function mebibytes(bytes: number): number {
  return Math.round((bytes / MEBIBYTE) * 10) / 10;
}

/** Bytes as text: `812 MiB`, small amounts with a decimal. */
export function formatMebibytes(bytes: number): string {
  const value = bytes / MEBIBYTE;
  return `${(Math.abs(value) < 10 ? value.toFixed(1) : value.toFixed(0)).replace("-", "−")} MiB`;
}

/** What a peak is called in a picture. */
export const PEAK_NAMES: Readonly<Record<PeakSource, string>> = {
  high_water_mark: "exact peak of the phase",
  sampled: "highest sample of the phase",
  lifetime_peak: "peak since the process started",
};

/** How a peak was got, in words. */
export const PEAK_SOURCES: Readonly<Record<PeakSource, string>> = {
  high_water_mark: "exact: the kernel's mark, reset per phase",
  sampled: "the highest sample: it may have been higher between two",
  lifetime_peak: "since the process started: the mark cannot be reset here",
};
