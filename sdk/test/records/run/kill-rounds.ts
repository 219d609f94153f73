/** Kills processes while they write a run, and looks what is left. Used by the tests and by the soak. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { openRun } from "../../../records/run/open-run.ts";
import { toLines } from "../../../records/run/opening.ts";
import { verifySeal } from "../../../records/run/seal.ts";
import { seededNumbers } from "../../feature-memory/make-pattern.ts";
import { CHUNKS, FILE, makeOpening, makeParent, rowsOf } from "./make-opening.ts";

/** What was found over all kills. */
export interface KillOutcome {
  readonly kills: number;
  /** Chunks that the processes were told to be on the disk. */
  readonly acknowledged: number;
  /** Of these, those that were not there afterwards. */
  readonly lost: number;
  /** Times at which the rows were not exactly those of the chunks that the run knows. */
  readonly wrong: number;
  /** Kills in the middle of a chunk: files had to be cut or removed. */
  readonly midway: number;
  /** Runs that came to their end, were sealed and verified. */
  readonly sealed: number;
}

const SCRIPT = join(import.meta.dirname, "write-run.ts");
/** Chunks that are acknowledged before the kill, at most: by count, since a busy machine writes few in a time. */
const MOST_CHUNKS = 4;
/** From then on: about a chunk. */
const LONGEST_MS = 5;

/** @param seed of the points at which the processes are killed */
export async function killRounds(kills: number, seed: string): Promise<KillOutcome> {
  const found = { acknowledged: 0, lost: 0, wrong: 0, midway: 0, sealed: 0 };
  let parent = makeParent();
  for (let round = 0; round < kills; round += 1) {
    const [chunks = 0, ms = 0] = seededNumbers(`${seed} ${round}`, 2).map((it) => (it + 1) / 2);
    const told = await writeUntilKilled(
      parent,
      Math.floor(chunks * (MOST_CHUNKS + 1)),
      ms * LONGEST_MS,
    );
    const run = await openRun(parent, makeOpening());
    found.acknowledged += told.length;
    found.lost += told.filter((chunk) => !run.chunks.has(chunk)).length;
    const path = join(run.folder, FILE);
    const rows = run.chunks.size === 0 ? "" : readFileSync(path, "utf8");
    if (rows !== toLines([...run.chunks].flatMap(rowsOf))) found.wrong += 1;
    if (wasMidway(run.folder)) found.midway += 1;
    const isComplete = run.chunks.size === CHUNKS.length;
    if (isComplete) {
      await run.seal({ accuracy: 0.5 });
      await verifySeal(run.folder);
      found.sealed += 1;
    }
    await run.close();
    if (isComplete) parent = makeParent();
  }
  return { kills, ...found };
}

async function writeUntilKilled(parent: string, chunks: number, ms: number): Promise<string[]> {
  const args = ["--no-warnings", SCRIPT, parent];
  const child: ChildProcessByStdio<null, Readable, null> = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  const reached = Promise.withResolvers<void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    // The first line says that it has begun.
    if (said.split("\n").length > 1 + chunks) reached.resolve();
  });
  const ended = once(child, "close");
  await Promise.race([reached.promise, ended]);
  await sleep(ms);
  child.kill("SIGKILL");
  await ended;
  // What follows the last newline was being written when it was killed.
  return said.split("\n").slice(1, -1);
}

/** The last line of the journal was written by this opening: it names what was dropped. */
function wasMidway(folder: string): boolean {
  const lines = readFileSync(join(folder, "journal.jsonl"), "utf8").trimEnd().split("\n");
  const { dropped } = JSON.parse(lines.at(-1) ?? "{}") as { dropped?: unknown[] };
  return (dropped?.length ?? 0) > 0;
}
