/** Joules between two readings of the hardware's counters. */
import type { GAMABridge } from "../../../bridge/gama-bridge.ts";
import type { EnergyCounter } from "../../../bridge/protocol.gen.ts";

/** The counters of a process at some time. */
export interface EnergyReading {
  readonly counters: readonly Readonly<EnergyCounter>[];
  /** Why there are none. */
  readonly reason: string | null;
}

/** RAPL counts each millisecond, NVML each 20 to 100: a shorter stretch would be mostly rounding. */
const LEAST_SECONDS: Readonly<Record<EnergyCounter["source"], number>> = { rapl: 0.2, nvml: 2 };

export async function readEnergy(bridge: GAMABridge): Promise<EnergyReading> {
  return await bridge.executeOperation("read_energy", {});
}

/** What both arms are counted by; where that is nothing, or not the same, the reason. */
export function sharedCounters(a: EnergyReading, b: EnergyReading): EnergyReading {
  const none = (reason: string): EnergyReading => ({ counters: [], reason });
  if (a.reason !== null || b.reason !== null) return none(a.reason ?? b.reason ?? "");
  const names = ({ counters }: EnergyReading): string => counters.map(({ name }) => name).join();
  if (names(a) === names(b)) return a;
  return none(`the arms are counted by different hardware: ${names(a)} and ${names(b)}`);
}

/** How long a stretch must be for its joules to mean something, seconds; 0 without counters. */
export function leastSeconds({ counters }: EnergyReading): number {
  return Math.max(0, ...counters.map(({ source }) => LEAST_SECONDS[source]));
}

/** @returns null where nothing was counted */
export function joulesBetween(before: EnergyReading, after: EnergyReading): number | null {
  const parts = before.counters.flatMap(({ name, joules, wraps_at }) => {
    const now = after.counters.find((counter) => counter.name === name)?.joules;
    if (now === undefined) return [];
    return now < joules && wraps_at !== null ? now - joules + wraps_at : now - joules;
  });
  if (parts.length === 0 || parts.length < before.counters.length) return null;
  return parts.reduce((sum, part) => sum + part, 0);
}
