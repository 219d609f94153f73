/** Whether a run that was begun may go on, and what of it is kept. */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Json, sha256 } from "./canonical-json.ts";
import { type Difference, findDifferences } from "./differences.ts";
import { explains } from "./explaining-fields.ts";
import type { JournalEntry } from "./journal.ts";
import { OPENING_FILES } from "./opening.ts";
import { RunError } from "./run-error.ts";
import { listFiles, readJsonFile, readRows } from "./run-files.ts";

/** Folder of features between their making and the last task that reads them. */
export const WORK = "work";

/** What an append left in a file. */
export interface AppendedRows {
  /** Bytes of the file afterwards. */
  readonly to: number;
  /** Of the bytes that were appended. */
  readonly sha256: string;
}

/** A run as far as it had come. */
export interface Progress {
  readonly chunks: ReadonlySet<string>;
  /** Bytes that count, by file. */
  readonly lengths: ReadonlyMap<string, number>;
}

/** Fields of the machine without which rows may differ in their last bits, or more. */
const isFixed = ({ path }: Difference): boolean => {
  if (!path.startsWith("machine.")) return true;
  const { quality, bits } = explains(path);
  return quality || bits;
};

/**
 * Fields in which what is asked now differs from what a run was begun with, and which rows depend on.
 *
 * @param files of the new opening
 */
export async function findChanges(
  folder: string,
  files: ReadonlyMap<string, string>,
): Promise<Difference[]> {
  const changes: Difference[] = [];
  for (const [part, path] of Object.entries(OPENING_FILES)) {
    const isRows = path === OPENING_FILES.manifest;
    const stored = isRows ? await readRows(folder, path) : await readJsonFile(folder, path);
    const text = files.get(path) ?? "";
    const now = isRows
      ? text
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line) as Json)
      : (JSON.parse(text) as Json);
    changes.push(...findDifferences(stored, now, part).filter(isFixed));
  }
  return changes;
}

/**
 * Checks the opening of a run against the digests in its journal.
 *
 * @throws RunError `run_damaged`: a file of it was changed or is missing
 */
export async function verifyOpening(
  folder: string,
  opened: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const [path, digest] of Object.entries(opened)) {
    if (sha256(await readOrNothing(join(folder, path))) === digest) continue;
    const what = `${path} is not what the run was opened with: start anew with \`fresh\``;
    throw new RunError("run_damaged", folder, what);
  }
}

/** @throws RunError `run_changed`, with the fields */
export function refuseChanges(folder: string, changes: readonly Difference[]): void {
  if (changes.length === 0) return;
  const told = changes
    .slice(0, 3)
    .map(({ path, a, b }) => `${path}: ${JSON.stringify(a)} then, ${JSON.stringify(b)} now`);
  const more = changes.length > told.length ? `, and ${changes.length - told.length} more` : "";
  const what = `The run was begun under other conditions: ${told.join("; ")}${more}`;
  throw new RunError(
    "run_changed",
    folder,
    `${what}. Go back to them, or start anew with \`fresh\``,
  );
}

/**
 * Reads from the journal what was finished, and checks it against the files.
 *
 * @throws RunError `run_damaged`: a file has less than the journal says, or other bytes
 */
export async function readProgress(
  folder: string,
  entries: readonly JournalEntry[],
): Promise<Progress> {
  const chunks = new Set<string>();
  const lengths = new Map<string, number>();
  const contents = new Map<string, Buffer>();
  // Sealing takes the features away, and a crash may have come before the seal.
  const isFinished = entries.some(({ kind }) => kind === "finished");
  for (const { kind, chunk, files } of entries) {
    if (kind !== "chunk") continue;
    chunks.add(String(chunk));
    // `RunDirectory` wrote them so, and the chain of the journal says that nobody else did.
    const appended = (files ?? {}) as unknown as Readonly<Record<string, AppendedRows>>;
    for (const [path, { to, sha256: digest }] of Object.entries(appended)) {
      if (isFinished && path.startsWith(`${WORK}/`)) continue;
      const bytes = contents.get(path) ?? (await readOrNothing(join(folder, path)));
      contents.set(path, bytes);
      if (bytes.length < to || sha256(bytes.subarray(lengths.get(path) ?? 0, to)) !== digest) {
        const what = `${path} has not the rows of ${chunk} that the journal names`;
        throw new RunError("run_damaged", folder, `${what}: start anew with \`fresh\``);
      }
      lengths.set(path, to);
    }
  }
  return { chunks, lengths };
}

async function readOrNothing(path: string): Promise<Buffer> {
  return existsSync(path) ? await readFile(path) : Buffer.alloc(0);
}

/** What a run writes after its opening; whatever else lies in the folder is not ours to remove. */
const OWN = /^((outcomes|answers|spread|work)\/.*|cost\.jsonl|results\.json|.*\.tmp)$/;

/**
 * Removes files of work that was not finished.
 *
 * @returns their paths
 */
export async function dropUnfinished(folder: string, { lengths }: Progress): Promise<string[]> {
  const dropped = (await listFiles(folder)).filter((path) => OWN.test(path) && !lengths.has(path));
  for (const path of dropped) await rm(join(folder, path));
  return dropped;
}
