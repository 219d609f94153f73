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
  /**
   * sha256 of what `git diff HEAD` prints and of the new source files; null where nothing differs, and
   * outside a repository.
   */
  readonly diff: string | null;
  /** sha256 of the files that fix the versions of packages, by name. */
  readonly locks: Readonly<Record<string, string>>;
}

const REPOSITORY = join(import.meta.dirname, "..", "..");
/** Where a new file is code, though git does not know it yet. */
const SOURCES = ["sdk", "python/src", "datasets", "benchmarks", "scripts"].flatMap((folder) =>
  ["ts", "py", "mjs"].map((kind) => `${folder}/**/*.${kind}`),
);
const LOCKS = ["package-lock.json", "python/requirements.lock"];
/** Of `git diff`: changed weights would be printed whole. */
const MOST_BYTES = 2 ** 28;

/** @param repository @default that of this package */
export async function readCodeState(repository: string = REPOSITORY): Promise<CodeState> {
  const git = (...args: string[]): Promise<string | null> => runGit(repository, args);
  const [commit, changes, diff, added] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("status", "--porcelain", "--untracked-files=no"),
    git("diff", "HEAD", "--binary", "--no-ext-diff", "--no-color"),
    git(
      "ls-files",
      "-z",
      "--others",
      "--exclude-standard",
      "--",
      ...SOURCES.map((each) => `:(glob)${each}`),
    ),
  ]);
  const news = (added ?? "").split("\0").filter((path) => path !== "");
  const isSame = diff === null || (diff === "" && news.length === 0);
  return {
    commit: commit?.trim() ?? null,
    isDirty: changes === null ? null : changes.trim() !== "",
    diff: isSame ? null : await digestChanges(repository, diff, news),
    locks: await hashLocks(repository),
  };
}

async function digestChanges(
  repository: string,
  diff: string,
  news: readonly string[],
): Promise<string> {
  const hash = createHash("sha256").update(diff);
  for (const path of news.toSorted()) {
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
