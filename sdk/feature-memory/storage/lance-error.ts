import type { FeatureMemoryErrorCode } from "../../error-codes.ts";
import { GrymError } from "../../errors.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import { systemCode } from "./system-error.ts";

interface Cause {
  readonly code: FeatureMemoryErrorCode;
  /** Codes of the system's errors, and their numbers in LanceDB's texts. */
  readonly system: readonly string[];
  readonly numbers: readonly number[];
  /** Of LanceDB, which gives one class of error: what happened stands in the text. */
  readonly text: RegExp;
  readonly message: string;
}

const CAUSES: readonly Cause[] = [
  {
    code: "store_full",
    system: ["ENOSPC", "EDQUOT"],
    numbers: [28, 122],
    text: /no space left|quota exceeded/i,
    message: "The disk of {folder} is full. What was stored is there; make room and store again.",
  },
  {
    code: "store_unwritable",
    system: ["EACCES", "EPERM", "EROFS"],
    numbers: [13, 1, 30],
    text: /permission denied|read-only file system/i,
    message: "No right to write in {folder}. Give this user the right, or choose another folder.",
  },
  {
    code: "store_unwritable",
    system: ["EEXIST", "ENOTDIR"],
    numbers: [17, 20],
    text: /not a directory/i,
    message: "{folder} cannot be a folder: a file stands in its way. Choose another folder.",
  },
  {
    code: "store_conflict",
    system: [],
    numbers: [],
    text: /commit conflict|conflicting|concurrent(ly)? |retry limit|too many (concurrent|retries)/i,
    message:
      "Other writers of {folder} were always faster. Store again, or write in larger batches.",
  },
  {
    code: "store_damaged",
    system: ["ENOENT"],
    numbers: [2],
    text: /invalid range|file size is too small|not found|unexpected eof|magic|corrupt/i,
    message: "Files of the store in {folder} are damaged or missing. Restore them from a copy.",
  },
];

/** Runs work on a store; what the database or the system throws comes out typed. */
export async function typed<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toFeatureMemoryError(error, folder);
  }
}

function toFeatureMemoryError(error: unknown, folder: string): GrymError {
  if (error instanceof GrymError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const cause = findCause(systemCode(error), withoutPath(text, folder));
  if (cause !== undefined) {
    const message = cause.message.replace("{folder}", () => folder);
    return new FeatureMemoryError(cause.code, message, { folder }, error);
  }
  const [first = ""] = text.split("\n");
  const message = `The database in ${folder} failed: ${first.slice(0, 300)}`;
  return new FeatureMemoryError("store_failed", message, { folder }, error);
}

function findCause(code: string | undefined, text: string): Cause | undefined {
  if (code !== undefined) return CAUSES.find(({ system }) => system.includes(code));
  const number = Number(/os error (\d+)/.exec(text)?.[1]);
  return CAUSES.find(({ text: words, numbers }) => numbers.includes(number) || words.test(text));
}

/** A folder may be called anything, `magic` too. LanceDB leaves out its first slash, or encodes it. */
function withoutPath(text: string, folder: string): string {
  const plain = folder.replace(/^\//, "");
  return [plain, encodeURI(plain)].reduce((rest, path) => rest.replaceAll(path, ""), text);
}
