import type { Json } from "../../records/run/canonical-json.ts";
import type { SavedRun } from "../../records/run/read-run.ts";
import type { StudyResults } from "../results-types.ts";

/** What a report is written from. */
export interface ReportSource {
  readonly results: StudyResults;
  /** How it was measured, as `readRun` gives it; null: the results alone are known, and the report says so. */
  readonly run: Pick<SavedRun, "studyId" | "machine" | "seal"> | null;
  /** Folder of the data set, for players; null: clips are named by their path. */
  readonly audioFolder: string | null;
}

/** What stands at a path of names in JSON; undefined where there is nothing. */
export function jsonAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null || Array.isArray(at)) return undefined;
    at = (at as { readonly [name: string]: Json | undefined })[name];
  }
  return at;
}
