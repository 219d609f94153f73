import { join } from "node:path";
import { hashFile } from "../hash-file.ts";
import { canonicalJson } from "./canonical-json.ts";
import { writeWhole } from "./durable-files.ts";
import { keysOf } from "./explaining-fields.ts";
import { readJournal } from "./journal.ts";
import { merkleRoot } from "./merkle.ts";
import { OPENING_FILES } from "./opening.ts";
import { RunError } from "./run-error.ts";
import { listFiles, readConditions, readJsonFile } from "./run-files.ts";

export const SEAL = "seal.json";
export const RESULTS = "results.json";
/** Made from the files of the run, and made again at any time. */
const DERIVED = /^(seal\.json|report\.html|export\/.*)$/;

/** What closes a run. */
export interface Seal {
  readonly version: 1;
  /** sha256 of `study.json`. */
  readonly studyId: string;
  /** Digest of the clips. */
  readonly dataRoot: string;
  /** Runs with the same one compare in quality. */
  readonly qualityKey: string;
  /** Runs with the same one compare in cost. */
  readonly costKey: string;
  /** Merkle tree hash of all files: the one number that a paper needs to print. */
  readonly root: string;
  /** sha256 by path. */
  readonly files: { readonly [path: string]: string };
}

/** Computes the seal of the files as they are, and writes it. */
export async function sealFiles(folder: string): Promise<Seal> {
  const seal = await computeSeal(folder);
  await writeWhole(join(folder, SEAL), canonicalJson(seal));
  return seal;
}

/** @throws RunError `run_damaged`: there is no seal that can be read */
export async function readSeal(folder: string): Promise<Seal> {
  const seal = (await readJsonFile(folder, SEAL)) as Partial<Seal> | null;
  if (typeof seal?.files !== "object" || typeof seal.studyId !== "string") {
    throw new RunError("run_damaged", folder, `${SEAL} is no seal`);
  }
  return seal as Seal; // its fields are compared with the files by `verifySeal`
}

/** @returns sha256 of the design */
export async function readStudyId(folder: string): Promise<string> {
  return await hashFile(join(folder, OPENING_FILES.study));
}

/**
 * Checks every file of a sealed run.
 *
 * @throws RunError `run_damaged`: files were changed, taken away or added; each is named
 */
export async function verifySeal(folder: string): Promise<Seal> {
  const seal = await readSeal(folder);
  const now = await hashFiles(folder);
  const names = [...new Set([...Object.keys(seal.files), ...Object.keys(now)])].sort();
  const faults = names.flatMap((path) => {
    const [sealed, found] = [seal.files[path], now[path]];
    if (sealed === found) return [];
    if (sealed === undefined) return [`${path} was added after the sealing`];
    return [`${path} ${found === undefined ? "is missing" : "was changed"}`];
  });
  refuse(folder, faults);
  const computed = await computeSeal(folder);
  const fields = ["version", "studyId", "dataRoot", "qualityKey", "costKey", "root"] as const;
  refuse(
    folder,
    fields
      .filter((field) => seal[field] !== computed[field])
      .map((field) => `${SEAL}: ${field} was changed`),
  );
  await readJournal(folder, seal.studyId);
  return seal;
}

function refuse(folder: string, faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new RunError("run_damaged", folder, `The run is not what was sealed: ${faults.join("; ")}`);
}

async function computeSeal(folder: string): Promise<Seal> {
  const files = await hashFiles(folder);
  const conditions = await readConditions(folder);
  return {
    version: 1,
    studyId: files[OPENING_FILES.study] ?? "",
    dataRoot: String(conditions.data["root"]),
    ...keysOf(conditions),
    root: merkleRoot(
      Object.entries(files).map(([path, digest]) => canonicalJson({ path, sha256: digest })),
    ),
    files,
  };
}

/** Sorted by path. */
async function hashFiles(folder: string): Promise<Record<string, string>> {
  const paths = (await listFiles(folder)).filter((path) => !DERIVED.test(path));
  const hashes: Record<string, string> = {};
  for (const path of paths) hashes[path] = await hashFile(join(folder, path));
  return hashes;
}
