import type { Target } from "grym-synth";
import { median, quantile } from "../bridge/statistics.ts";
import type { KernelName } from "./kernels.ts";
import type { Session } from "./session.ts";

export type Sessions = ReadonlyMap<KernelName, readonly Session[]>;

/** A number, or why there is none. */
type Measured = number | { readonly reason: string };

/** Median over the sessions of one number, or over all of its repeats. */
export function middle(
  sessions: readonly Session[] | undefined,
  read: (session: Session) => number | readonly number[] | undefined,
): number | null {
  const numbers = (sessions ?? []).flatMap((session) => read(session) ?? []);
  return numbers.length === 0 ? null : median(numbers);
}

/** What was promised: every target, also one that was not measured. */
export function targetsOf(sessions: Sessions): Target[] {
  const ours = sessions.get("ours");
  const free = sessions.get("ours, types off");
  const interrupts = (ours ?? []).flatMap(({ interruptMs }) => interruptMs ?? []);
  const tried = (ours ?? []).filter(({ missing }) => missing["interruptMs"] !== undefined).length;
  return [
    lower(
      "start to ready, ms",
      middle(ours, (it) => it.readyMs),
      800,
    ),
    ...(["tslab", "deno", "ipykernel"] as const).map(
      (peer): Target => ({
        name: `start to ready, ${peer} / ours`,
        ...asValue(
          quotient(
            middle(sessions.get(peer), (it) => it.readyMs),
            middle(ours, (it) => it.readyMs),
          ),
        ),
        goal: 2,
        better: "higher",
      }),
    ),
    lower(
      "1+1 without types, p50 ms",
      middle(free, (it) => it.trivialCellMs),
      5,
    ),
    lower(
      "1+1 with blocking types, p50 ms",
      middle(ours, (it) => it.trivialCellMs),
      30,
    ),
    lower(
      "a cell that imports the SDK, ms",
      middle(ours, (it) => it.sdkImportMs),
      300,
    ),
    lower(
      "first completion after ready, ms",
      middle(ours, (it) => it.firstCompletionMs),
      500,
    ),
    lower(
      "later completions, p50 ms",
      middle(ours, (it) => it.completionMs),
      40,
    ),
    lower(
      "completion while a cell spins, p50 ms",
      middle(ours, (it) => it.spinningCompletionMs),
      40,
    ),
    lower(
      "interrupt of a spinning cell, p95 ms",
      interrupts.length === 0 ? null : quantile(interrupts, 0.95),
      200,
    ),
    lower(
      "sessions in which an interrupt failed or lost state",
      interrupts.length === 0 ? null : tried,
      0,
    ),
    lower(
      "memory of the kernel, MB",
      middle(ours, (it) => megabytes(it.memory?.[0])),
      150,
    ),
    lower(
      "memory of the type server, MB",
      middle(ours, (it) => megabytes(it.memory?.[1])),
      150,
    ),
    lower(
      "memory of the type server with the SDK, MB",
      middle(ours, (it) => megabytes(it.memoryWithSdk?.[1])),
      150,
    ),
  ];
}

export function megabytes(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : bytes / 1e6;
}

function lower(name: string, value: number | null, goal: number): Target {
  return { name, ...asValue(value ?? { reason: "this run leaves it out" }), goal, better: "lower" };
}

function quotient(a: number | null, b: number | null): Measured {
  return a === null || b === null ? { reason: "this run leaves it out" } : a / b;
}

function asValue(measured: Measured): { value: number | null; reason?: string } {
  return typeof measured === "number"
    ? { value: measured }
    : { value: null, reason: measured.reason };
}
