import { readdir } from "node:fs/promises";

/** The code of an error of the system, `ENOENT` say; undefined where it is of another kind. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  // LanceDB's errors have a code, too, which says nothing.
  return typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined;
}

/** Whether a file or a folder was not there. */
export function isMissing(error: unknown): boolean {
  return systemCode(error) === "ENOENT";
}

/** What `work` gives; undefined where the file that it asks for is not there. */
export async function unlessMissing<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Names in a folder; none where it is not there. */
export async function listNames(folder: string): Promise<string[]> {
  return (await unlessMissing(readdir(folder))) ?? [];
}

const ATTEMPTS = 8;

/**
 * Does work that walks through files, and does it again where one of them has gone meanwhile:
 * another process repairs the store, or removes old versions.
 *
 * @throws what the last attempt throws
 */
export async function whileFilesGo<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isMissing(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
