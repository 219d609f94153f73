/** What the journal says of cost: which incarnations were begun, which do not count, what counted the energy. */
import type { JournalEntry } from "../../../records/run/journal.ts";
import type { PlannedIncarnation } from "./cost-schedule.ts";

/** Which pair of processes. */
type Place = Pick<PlannedIncarnation, "phase" | "incarnation">;

/** `incarnation`: before its processes start. */
export interface BegunNote extends Place {
  readonly attempt: number;
}

/** `void`: this attempt does not count. */
export interface VoidNote extends BegunNote {
  readonly reason: string;
  /** The last that the lost process wrote. */
  readonly stderr: string;
}

/** `energy`: by what that of both arms was counted, or why by nothing. */
export interface EnergyNote extends Place {
  readonly counters: readonly string[];
  readonly reason: string | null;
}

/** The name of its chunk. */
export const chunkOf = ({ phase, incarnation }: Place): string => `cost ${phase} ${incarnation}`;

/** How often an incarnation was begun in earlier lives of the run. */
export function countAttempts(history: readonly JournalEntry[], place: Place): number {
  return history.filter(
    (entry) => entry.kind === "incarnation" && chunkOf(toBegun(entry)) === chunkOf(place),
  ).length;
}

/** Attempts that an earlier life has begun, and of which nothing else is known: it ended in them. */
export function findInterrupted(history: readonly JournalEntry[]): VoidNote[] {
  const open = new Map<string, BegunNote>();
  for (const entry of history) {
    if (entry.kind === "incarnation") open.set(chunkOf(toBegun(entry)), toBegun(entry));
    if (entry.kind === "void") open.delete(chunkOf(toBegun(entry)));
    if (entry.kind === "chunk") open.delete(String(entry["chunk"]));
  }
  const reason = "the run ended while it was measured";
  return [...open.values()].map((begun) => ({ ...begun, reason, stderr: "" }));
}

/** When cost was begun to be measured, in an earlier life or now; milliseconds. */
export function startOf(history: readonly JournalEntry[]): number {
  const first = history.find(({ kind }) => kind === "cost");
  return first === undefined ? Date.now() : Date.parse(first.at);
}

/** `measureCost` wrote it. */
function toBegun(entry: JournalEntry): BegunNote {
  const { phase, incarnation, attempt } = entry as unknown as BegunNote;
  return { phase, incarnation, attempt };
}
