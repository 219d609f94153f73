import { mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { isMissing } from "./system-error.ts";

/** Files that are open at once: a process may have only so many. */
const AT_ONCE = 32;

/** Tells the system to bring files, or folders, to the disk; those that are gone are passed over. */
export async function syncAll(paths: readonly string[]): Promise<void> {
  for (let start = 0; start < paths.length; start += AT_ONCE) {
    await Promise.all(paths.slice(start, start + AT_ONCE).map(syncOne));
  }
}

/** Makes a folder with those above it, and syncs each one in which another one was made. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const paths = [folder];
  for (let path = folder; path !== dirname(first); path = dirname(path)) paths.push(dirname(path));
  await syncAll(paths);
}

async function syncOne(path: string): Promise<void> {
  try {
    await using file = await open(path, "r");
    await file.sync();
  } catch (error) {
    // Temporary files of another writer vanish; a file that stays is synced under its last name.
    if (!isMissing(error)) throw error;
  }
}
