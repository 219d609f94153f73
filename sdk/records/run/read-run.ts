import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "./canonical-json.ts";
import type { RunConditions } from "./explaining-fields.ts";
import { type JournalEntry, readJournal } from "./journal.ts";
import { type JsonObject, OPENING_FILES } from "./opening.ts";
import { listFiles, readConditions, readJsonFile, readRows } from "./run-files.ts";
import { RESULTS, readStudyId, SEAL, type Seal, verifySeal } from "./seal.ts";

/** A run as it stands on the disk: for a report, an export, or computing its results again. */
export interface SavedRun extends RunConditions {
  readonly folder: string;
  /** sha256 of the design. */
  readonly studyId: string;
  readonly schedule: JsonObject;
  readonly manifest: readonly JsonObject[];
  readonly journal: readonly JournalEntry[];
  /**
   * Rows by file: `outcomes/linear.gama.jsonl`, `answers/…`, `cost.jsonl`; of an unfinished run also those of
   * a chunk that is just being written.
   */
  readonly rows: { readonly [path: string]: readonly Json[] };
  /** null before it is sealed. */
  readonly results: JsonObject | null;
  readonly seal: Seal | null;
}

const ROWS = /^((outcomes|answers|spread)\/.*|cost)\.jsonl$/;

/**
 * Reads a run, and verifies its seal where it has one. Writes nothing, and needs no model.
 *
 * @throws RunError `run_damaged`: a file is not what the seal or the journal says
 */
export async function readRun(folder: string): Promise<SavedRun> {
  const seal = existsSync(join(folder, SEAL)) ? await verifySeal(folder) : null;
  const studyId = await readStudyId(folder);
  const { entries } = await readJournal(folder, studyId);
  const paths = (await listFiles(folder)).filter((path) => ROWS.test(path));
  const rows: Record<string, readonly Json[]> = {};
  for (const path of paths) rows[path] = await readRows(folder, path);
  return {
    folder,
    studyId,
    ...(await readConditions(folder)),
    // `openRun` and `seal` wrote objects, and the digests say that they are theirs.
    schedule: (await readJsonFile(folder, OPENING_FILES.schedule)) as JsonObject,
    manifest: (await readRows(folder, OPENING_FILES.manifest)) as readonly JsonObject[],
    journal: entries,
    rows,
    results: seal === null ? null : ((await readJsonFile(folder, RESULTS)) as JsonObject),
    seal,
  };
}
