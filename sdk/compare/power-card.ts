import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";
import type { PowerCard } from "./verdict-types.ts";

/** A data set, and what is assumed of two arms on it. */
export interface PowerInput {
  /** Clips of each source, as the manifest has them. */
  readonly sizes: readonly number[];
  /**
   * Shares of the clips on which exactly one arm is right.
   * @default those of the pilot, else 0.1, 0.2 and 0.3
   */
  readonly discordances?: readonly number[] | undefined;
  /**
   * How alike clips of one source are, 0 to 1.
   * @default that of the pilot, else 0, 0.1 and 0.33
   */
  readonly correlations?: readonly number[] | undefined;
  /** A difference to ask about, between 0 and 1. */
  readonly margin?: number | undefined;
  /** @default 0.05 */
  readonly alpha?: number | undefined;
  /** @default 0.8 */
  readonly power?: number | undefined;
  /** Outcomes of both arms on the first clips; which of them is better is not looked at. */
  readonly pilot?:
    | {
        readonly a: readonly (number | boolean)[];
        readonly b: readonly (number | boolean)[];
        readonly groups: readonly string[];
      }
    | undefined;
}

/** What the data set can resolve. */
export interface PowerOutcome extends PowerCard {
  /** null without a pilot. */
  readonly pilot: {
    readonly discordance: number;
    /** null where no source has two clips that differ. */
    readonly correlation: number | null;
    readonly clips: number;
  } | null;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Which difference can such a data set show, before anything is measured?
 *
 * @throws OperationFailedError `invalid_request`: a number outside its range, a pilot whose arms never differ
 */
export async function powerCard(
  input: PowerInput,
  options: StatisticsOptions = {},
): Promise<PowerOutcome> {
  const { sizes, discordances, correlations, margin, alpha, power, pilot } = input;
  const { bridge = sharedBridge(), ...call } = options;
  const result = await bridge.executeOperation(
    "power",
    {
      sizes,
      ...(discordances === undefined ? {} : { discordances }),
      ...(correlations === undefined ? {} : { correlations }),
      ...(margin === undefined ? {} : { margin }),
      ...(alpha === undefined ? {} : { alpha }),
      ...(power === undefined ? {} : { power }),
      ...(pilot === undefined
        ? {}
        : { pilot: { a: pilot.a.map(Number), b: pilot.b.map(Number), groups: pilot.groups } }),
    },
    call,
  );
  const { rows, processing_time, memory_usage, ...card } = result;
  const found: PowerOutcome = {
    ...card,
    rows: rows.map(({ power_at_margin, sources_needed, ...row }) => ({
      ...row,
      powerAtMargin: power_at_margin,
      sourcesNeeded: sources_needed,
    })),
    processingTime: processing_time,
    memoryUsage: toMemoryUsage(memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-verdicts.ts")).powerBundle(it));
}
