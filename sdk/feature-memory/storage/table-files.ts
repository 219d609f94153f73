import { open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Folders of a Lance table whose files a commit adds to. */
const FOLDERS = ["", "data", "_deletions", "_versions", "_transactions", "_indices"];

/**
 * The files of a table on their way to the disk. LanceDB writes without fsync: what it has
 * committed outlives a killed process, but not a loss of power.
 */
export class TableFiles {
  readonly #table: string;
  /** Names that were synced, by folder. */
  readonly #synced = new Map<string, Set<string>>();

  /** @param table the folder of the table */
  constructor(table: string) {
    this.#table = table;
  }

  /**
   * Syncs every file that was not there at the last call, and the folders that hold them. The
   * first call syncs all: a process that was killed may have left files that only the kernel has.
   */
  async sync(): Promise<void> {
    const indices = await listNames(join(this.#table, "_indices"));
    const folders = [...FOLDERS, ...indices.map((name) => join("_indices", name))];
    const isFirst = this.#synced.size === 0;
    await Promise.all(folders.map((name) => this.#syncFolder(join(this.#table, name))));
    if (isFirst) await syncAll([dirname(this.#table), dirname(dirname(this.#table))]);
  }

  /** Bytes on disk, with those of old versions. */
  async size(): Promise<number> {
    const entries = await readdir(this.#table, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = files.map(async ({ parentPath, name }) => {
      const facts = await stat(join(parentPath, name)).catch(() => undefined);
      return facts?.size ?? 0;
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async #syncFolder(folder: string): Promise<void> {
    const names = await listNames(folder);
    const known = this.#synced.get(folder);
    const added = names.filter((name) => !known?.has(name));
    if (added.length === 0) return;
    await syncAll(added.map((name) => join(folder, name)));
    await syncAll([folder]);
    // Names that are gone are forgotten: a file that comes back is another one.
    this.#synced.set(folder, new Set(names));
  }
}

async function listNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function syncAll(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map(syncOne));
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

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
