import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncAll } from "./sync-files.ts";
import { listNames, unlessMissing, whileFilesGo } from "./system-error.ts";

/** Folders of a Lance table whose files a commit adds to; some come with their first file. */
const FOLDERS = ["", "data", "_deletions", "_transactions", "_indices"];
/** And the one that no table is without. */
const VERSIONS = "_versions";

/** Files that a folder has, and those of them that were not there at the last look. */
interface Listed {
  readonly folder: string;
  readonly names: readonly string[];
  readonly added: readonly string[];
}

/**
 * The files of a table on their way to the disk. LanceDB writes without fsync: what it has
 * committed outlives a killed process, but not a loss of power.
 */
export class TableFiles {
  readonly #table: string;
  /** Names that were synced, by folder. */
  readonly #synced = new Map<string, ReadonlySet<string>>();

  /** @param table the folder of the table */
  constructor(table: string) {
    this.#table = table;
  }

  /**
   * Syncs every file that was not there at the last call, and the folders that hold them. The
   * first call syncs all: a process that was killed may have left files that only the kernel has.
   *
   * @throws the system's error where a file cannot be synced, or where there is no table: what was
   *   committed then lies elsewhere, or nowhere
   */
  async sync(): Promise<void> {
    const indices = await listNames(join(this.#table, "_indices"));
    const folders = [...FOLDERS, ...indices.map((name) => join("_indices", name))];
    const isFirst = this.#synced.size === 0;
    const lists = await Promise.all([
      ...folders.map((name) => this.#list(name, listNames)),
      this.#list(VERSIONS, (folder) => readdir(folder)),
    ]);
    const grown = lists.filter(({ added }) => added.length > 0);
    await syncAll(grown.flatMap(({ folder, added }) => added.map((name) => join(folder, name))));
    await syncAll(grown.map(({ folder }) => folder));
    if (isFirst) await syncAll([dirname(this.#table), dirname(dirname(this.#table))]);
    // Names that are gone are forgotten: a file that comes back is another one.
    for (const { folder, names } of lists) this.#synced.set(folder, new Set(names));
  }

  /** Bytes on disk, with those of old versions. */
  async size(): Promise<number> {
    const entries = await whileFilesGo(() =>
      readdir(this.#table, { recursive: true, withFileTypes: true }),
    );
    const files = entries.filter((entry) => entry.isFile());
    const sizes = files.map(async ({ parentPath, name }) => {
      const facts = await unlessMissing(stat(join(parentPath, name)));
      return facts?.size ?? 0;
    });
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async #list(name: string, list: (folder: string) => Promise<string[]>): Promise<Listed> {
    const folder = join(this.#table, name);
    const names = await list(folder);
    const known = this.#synced.get(folder);
    return { folder, names, added: names.filter((it) => !known?.has(it)) };
  }
}
