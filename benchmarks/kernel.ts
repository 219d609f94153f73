/**
 * How fast is the kernel, beside tslab, Deno and ipykernel?
 *
 * Whole sessions, interleaved: start to the first answer, the first completion, `1+1`, later
 * completions, a cell that imports the SDK, a completion while a cell spins, interrupts that keep the
 * variables, memory. `peers/kernel_client.py` measures from outside, with jupyter_client, in one way
 * for all. tslab and Deno are installed into build/peers/kernels on first use; ipykernel is the one
 * of the set-up. The first session of each kernel is warm-up and not counted.
 *
 * `node benchmarks/kernel.ts [--rounds N] [--kernels NAME …] [--note TEXT]`; below 5 rounds, or
 * without one of the kernels, the record is not kept.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, type RecordRow, writeRecord } from "grym-synth";
import { rotate } from "./bridge/statistics.ts";
import { KERNELS, type KernelName, planOf } from "./kernel/kernels.ts";
import { runSession, type Session } from "./kernel/session.ts";
import { megabytes, middle, targetsOf } from "./kernel/targets.ts";

const ROUNDS_TO_KEEP = 5;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "10" },
    kernels: { type: "string", multiple: true },
    note: { type: "string", multiple: true },
  },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  throw new Error(`--rounds has to be a whole number >= 1, got ${values.rounds}`);
}
const names = KERNELS.filter((name) => values.kernels?.includes(name) ?? true);
if (names.length === 0) throw new Error(`--kernels: expected some of ${KERNELS.join(", ")}`);
const isKept = rounds >= ROUNDS_TO_KEEP && names.length === KERNELS.length;
const repeats = isKept ? { cells: 20, interrupts: 10 } : { cells: 5, interrupts: 2 };

const folder = mkdtempSync(join(tmpdir(), "kernel-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const notebooks = join(import.meta.dirname, "..", "notebooks");

const sessions = new Map<KernelName, Session[]>(names.map((name) => [name, []]));
for (let round = 0; round <= rounds; round += 1) {
  for (const name of rotate(names, round)) {
    const session = await runSession(await planOf(name, notebooks), repeats, folder);
    // Round 0 fills the caches of the system and of the kernels.
    if (round > 0) sessions.get(name)?.push(session);
  }
}

/** Everything that was measured of one kernel; a dash where it has no such thing. */
function rowOf(name: KernelName): RecordRow {
  const of = sessions.get(name);
  return {
    kernel: name,
    ready_ms: middle(of, (it) => it.readyMs),
    first_completion_ms: middle(of, (it) => it.firstCompletionMs),
    first_cell_ms: middle(of, (it) => it.firstCellMs),
    "1+1_p50_ms": middle(of, (it) => it.trivialCellMs),
    completion_p50_ms: middle(of, (it) => it.completionMs),
    completion_spinning_p50_ms: middle(of, (it) => it.spinningCompletionMs),
    sdk_import_ms: middle(of, (it) => it.sdkImportMs),
    interrupt_p50_ms: middle(of, (it) => it.interruptMs),
    kernel_mb: middle(of, (it) => megabytes(it.memory?.[0])),
    children_mb: middle(of, (it) => megabytes(it.memory?.[1])),
    kernel_with_sdk_mb: middle(of, (it) => megabytes(it.memoryWithSdk?.[0])),
    children_with_sdk_mb: middle(of, (it) => megabytes(it.memoryWithSdk?.[1])),
  };
}

/** Why numbers are missing, each reason once. */
const reasons = new Set(
  [...sessions].flatMap(([name, of]) =>
    of.flatMap(({ missing }) =>
      Object.entries(missing).map(([what, why]) => `${name}, ${what}: ${why}`),
    ),
  ),
);

const record = await writeRecord(
  "kernel",
  {
    question: "How fast is the kernel, beside tslab, Deno and ipykernel?",
    rows: names.map(rowOf),
    targets: targetsOf(sessions),
    notes: [
      `${rounds} sessions of each kernel, interleaved, after one that is not counted; medians of sessions, and of all repeats where p50 stands. ${repeats.cells} cells and completions, ${repeats.interrupts} interrupts in each session.`,
      "ready: from the start of the process to the answer of the first kernel_info_request, which comes after the reconnection of the client's sockets. memory: resident; children are the type server of ours. The cells run in notebooks/; ours checks types (block) unless they are off.",
      "tslab checks types before each cell, Deno and ipykernel check none. Deno's kernel and ipykernel are told to complete and to import what their language has.",
      ...[...reasons].map((reason) => `Not measured: ${reason.slice(0, 200)}.`),
      ...(values.note ?? []),
    ],
  },
  { folder: isKept ? undefined : mkdtempSync(join(tmpdir(), "record-")) },
);
console.log(formatRecord(record));
