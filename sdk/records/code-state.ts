/** Which code made a record: what is committed, what differs from it, and what it was locked to. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { hashFile } from "./hash-file.ts";

/** The code of a record. */
export interface CodeState {
  /** Commit of the repository, or null outside one. */
  readonly commit: string | null;
  /** Whether files differed from that commit; null outside a repository. */
  readonly isDirty: boolean | null;
  /** sha256 of what of the code is not as committed; null where all is, and outside a repository. */
  readonly diff: string | null;
  /**
   * sha256 of the code that ran, in whatever commit it stands: a notebook that saves itself or a new README
   * changes `commit` and `isDirty`, and not this. null outside a repository.
   */
  readonly code: string | null;
  /** sha256 of the files that fix the versions of packages, by name. */
  readonly locks: Readonly<Record<string, string>>;
}

const REPOSITORY = join(import.meta.dirname, "..", "..");
/** What takes part in a measurement: the SDK, the process, the data sets. */
const SOURCES = [
  ...["sdk", "python/src", "datasets"].flatMap((folder) =>
    ["ts", "py", "mjs"].map((kind) => `:(glob)${folder}/**/*.${kind}`),
  ),
  ":(exclude)sdk/test",
];
const LOCKS = ["package-lock.json", "python/requirements.lock"];
/** Of what git prints. */
const MOST_BYTES = 2 ** 28;

/** @param repository @default that of this package */
export async function readCodeState(repository: string = REPOSITORY): Promise<CodeState> {
  const git = (...args: string[]): Promise<string | null> => runGit(repository, args);
  const [commit, changes, diff, added, sources] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("status", "--porcelain", "--untracked-files=no"),
    git("diff", "HEAD", "--binary", "--no-ext-diff", "--no-color", "--", ...SOURCES),
    git("ls-files", "-z", "--others", "--exclude-standard", "--", ...SOURCES),
    git("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...SOURCES),
  ]);
  const news = toPaths(added);
  const isSame = diff === null || (diff === "" && news.length === 0);
  return {
    commit: commit?.trim() ?? null,
    isDirty: changes === null ? null : changes.trim() !== "",
    diff: isSame ? null : await digestOf(repository, news, diff),
    code: sources === null ? null : await digestOf(repository, toPaths(sources)),
    locks: await hashLocks(repository),
  };
}

function toPaths(listed: string | null): string[] {
  return (listed ?? "").split("\0").filter((path) => path !== "");
}

/** Of files by name and content; one that was deleted and is still listed is left out. */
async function digestOf(
  repository: string,
  paths: readonly string[],
  before = "",
): Promise<string> {
  const hash = createHash("sha256").update(before);
  for (const path of paths.toSorted().filter((each) => existsSync(join(repository, each)))) {
    hash.update(`\0${path}\0`).update(await readFile(join(repository, path)));
  }
  return hash.digest("hex");
}

async function hashLocks(repository: string): Promise<Record<string, string>> {
  const here = LOCKS.filter((path) => existsSync(join(repository, path)));
  const hashes: Record<string, string> = {};
  for (const path of here) hashes[path] = await hashFile(join(repository, path));
  return hashes;
}

/** What git prints, or null where there is no git, no repository or no commit. */
async function runGit(repository: string, args: readonly string[]): Promise<string | null> {
  try {
    const options = { maxBuffer: MOST_BYTES };
    const { stdout } = await promisify(execFile)("git", ["-C", repository, ...args], options);
    return stdout;
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
