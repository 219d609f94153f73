import { type FeatureMemoryErrorCode, GrymError } from "../../errors.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";

/** LanceDB gives one class of error; what happened stands in the text, with the system's number. */
const CAUSES: readonly (readonly [RegExp, FeatureMemoryErrorCode, string])[] = [
  [
    /no space left|os error 28|ENOSPC|quota exceeded|os error 122|EDQUOT/i,
    "store_full",
    "The disk of {folder} is full. What was stored is there; make room and store again.",
  ],
  [
    /permission denied|os error 13|EACCES|EPERM|os error 1\)|read-only file system|os error 30|EROFS/i,
    "store_unwritable",
    "No right to write in {folder}. Give this user the right, or choose another folder.",
  ],
  [
    /commit conflict|conflicting|concurrent(ly)? |retry limit|too many (concurrent|retries)/i,
    "store_conflict",
    "Other writers of {folder} were always faster. Store again, or write in larger batches.",
  ],
  [
    /invalid range|file size is too small|not found|unexpected eof|magic|corrupt|ENOENT|os error 2\)/i,
    "store_damaged",
    "Files of the store in {folder} are damaged or missing. Restore them from a copy.",
  ],
];

/** Runs work on a store; what the database or the system throws comes out typed. */
export async function typed<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toFeatureMemoryError(error, folder);
  }
}

export function toFeatureMemoryError(error: unknown, folder: string): GrymError {
  if (error instanceof GrymError) return error;
  const text = error instanceof Error ? error.message : String(error);
  for (const [pattern, code, message] of CAUSES) {
    if (!pattern.test(text)) continue;
    return new FeatureMemoryError(code, message.replace("{folder}", folder), { folder }, error);
  }
  const [first = ""] = text.split("\n");
  const message = `The database in ${folder} failed: ${first.slice(0, 300)}`;
  return new FeatureMemoryError("store_failed", message, { folder }, error);
}
