/** One measured session of a kernel. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPython } from "grym-synth";
import { PEERS } from "../bridge/line-client.ts";
import type { Plan } from "./kernels.ts";

const PATIENCE_MS = 300_000;

/** What `peers/kernel_client.py` prints; times in ms, memory in bytes. */
export interface Session {
  readonly readyMs: number;
  readonly firstCompletionMs?: number;
  readonly firstCellMs?: number;
  readonly trivialCellMs?: readonly number[];
  readonly completionMs?: readonly number[];
  readonly spinningCompletionMs?: readonly number[];
  readonly interruptMs?: readonly number[];
  readonly sdkImportMs?: number;
  /** Of the kernel's process, and of those below it. */
  readonly memory?: readonly [number, number];
  readonly memoryWithSdk?: readonly [number, number];
  /** Why a number is not there. */
  readonly missing: Readonly<Record<string, string>>;
}

/** What is repeated within a session. */
export interface Repeats {
  readonly cells: number;
  readonly interrupts: number;
}

/** @param folder for the answer of the client @throws Error the kernel did not start */
export async function runSession(plan: Plan, repeats: Repeats, folder: string): Promise<Session> {
  const answer = join(folder, "session.json");
  const script = join(PEERS, "kernel_client.py");
  // To a file: what a kernel prints comes by the standard streams.
  await promisify(execFile)(
    findPython(),
    [script, JSON.stringify({ ...plan, ...repeats }), answer],
    { timeout: PATIENCE_MS, maxBuffer: 2 ** 26 },
  );
  return JSON.parse(readFileSync(answer, "utf8")) as Session; // the client's own form
}
