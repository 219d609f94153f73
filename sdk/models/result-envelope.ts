/** What results of all models share. */
import type { DType } from "../bridge/protocol.gen.ts";
import type { MemoryUsage } from "./memory-usage.ts";

/** What stands on every result: which model, in which form. */
export interface ResultEnvelope {
  readonly modelId: string;
  readonly revision: string;
  readonly device: string;
  readonly dtype: DType;
  /** Seconds, Python's own work. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/** A part of a clip, in seconds from where what was given begins. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}
