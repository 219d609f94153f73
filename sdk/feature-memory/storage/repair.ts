import { link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { StoreRepair } from "../core/types.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import { damageOf, MAGIC, readFiles, type VersionFile, versionOf } from "./manifest.ts";
import { listNames, unlessMissing, whileFilesGo } from "./system-error.ts";

const DAMAGED = "_damaged";
/**
 * Versions that a loss of power can have torn: a commit, and the upkeep after it; the writes
 * before them were synced. More damage than that is of another kind, and going back for it would
 * lose patterns that were acknowledged.
 */
const MAX_TORN = 8;

interface Version {
  readonly number: number;
  /** Of its manifest. */
  readonly name: string;
}

/** A version that is damaged. */
interface TornVersion extends Version {
  readonly damage: string;
  /** Of its manifest as it was read: another process may put another file in its place. */
  readonly inode: number;
}

/**
 * Looks whether the newest version of a table is whole. Where it is not, its manifest is moved to
 * `_damaged` (nothing is deleted), and so on to the first version that is.
 *
 * @returns what was moved; empty for a whole table, and for one that has no version yet
 * @throws FeatureMemoryError store_damaged: no version near is whole; nothing was moved
 */
export async function repairTable(table: string): Promise<StoreRepair[]> {
  const repairs: StoreRepair[] = [];
  // Other processes may repair it at the same time, or remove old versions.
  await whileFilesGo(async () => {
    await moveAside(table, await findTorn(table), (repair) => repairs.push(repair));
  });
  return repairs;
}

/** Versions that are damaged, newest first, up to the first that is not. */
export async function findTorn(table: string): Promise<TornVersion[]> {
  const torn: TornVersion[] = [];
  for (const version of await listVersions(table)) {
    const { inode, damage } = await inspect(table, version.name);
    if (damage === undefined) return torn;
    torn.push({ ...version, damage, inode });
    if (torn.length > MAX_TORN) break;
  }
  if (torn.length === 0) return [];
  // Files of a version that was removed meanwhile are missing, and that is no damage.
  for (const { name } of torn) await stat(join(table, "_versions", name));
  const words = torn.map(({ number, damage }) => `version ${number}: ${damage}`).join("; ");
  throw new FeatureMemoryError(
    "store_damaged",
    `The store in ${table} is damaged (${words}) and has no whole version near. Nothing was changed; restore the files from a copy.`,
    { table, damage: torn.map(({ damage }) => damage) },
  );
}

/** Versions of a table, newest first. */
export async function listVersions(table: string): Promise<Version[]> {
  const names = await listNames(join(table, "_versions"));
  return names
    .flatMap((name) => {
      const number = versionOf(name);
      return number === undefined ? [] : [{ number, name }];
    })
    .toSorted((a, b) => b.number - a.number);
}

/** Whether a file of an index is damaged: the index is then made anew, it holds nothing. */
export async function hasDamagedIndex(table: string): Promise<boolean> {
  return await whileFilesGo(async () => {
    const folder = join(table, "_indices");
    const names = (await unlessMissing(readdir(folder, { recursive: true }))) ?? [];
    for (const name of names.filter((it) => it.endsWith(".lance"))) {
      // One that was removed after it was listed is not damaged: this throws, and lists again.
      await stat(join(folder, name));
      const file = { path: join("_indices", name), size: undefined, magic: MAGIC };
      if ((await findFileDamage(table, file)) !== undefined) return true;
    }
    return false;
  });
}

async function inspect(
  table: string,
  name: string,
): Promise<{ inode: number; damage: string | undefined }> {
  await using file = await open(join(table, "_versions", name), "r");
  const { ino: inode } = await file.stat();
  return { inode, damage: await findDamage(table, name, await file.readFile()) };
}

async function findDamage(table: string, name: string, bytes: Buffer): Promise<string | undefined> {
  const damage = damageOf(bytes);
  if (damage !== undefined) return `_versions/${name} ${damage}`;
  for (const file of filesOf(bytes)) {
    const found = await findFileDamage(table, file);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A manifest that is whole, but not as this version knows it, is left to LanceDB to judge. */
function filesOf(bytes: Buffer): VersionFile[] {
  try {
    return readFiles(bytes);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
}

async function findFileDamage(table: string, file: VersionFile): Promise<string | undefined> {
  const path = join(table, file.path);
  const size = (await unlessMissing(stat(path)))?.size;
  if (size === undefined) return `${file.path} is missing`;
  if (size === 0) return `${file.path} is empty`;
  if (file.size !== undefined && size < file.size) {
    return `${file.path} has ${size} of ${file.size} bytes`;
  }
  const { length } = file.magic;
  await using handle = await open(path, "r");
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, Math.max(0, size - length));
  return buffer.toString("latin1") === file.magic
    ? undefined
    : `${file.path} does not end as it should`;
}

/**
 * Moves manifests to `_damaged`. Ends where another process has repaired the table meanwhile and
 * stored a new version under the same name: that one stays.
 *
 * @param onMoved told of each at once: what is moved when a later one fails is moved
 * @throws the system's error where one of them has gone
 */
export async function moveAside(
  table: string,
  torn: readonly TornVersion[],
  onMoved: (repair: StoreRepair) => void,
): Promise<void> {
  if (torn.length > 0) await mkdir(join(table, DAMAGED), { recursive: true });
  // The newest first: interrupted, this leaves a newest version that is damaged, and found again.
  for (const { number, name, damage, inode } of torn) {
    const path = join(table, "_versions", name);
    const movedTo = join(table, DAMAGED, `${name}.${Date.now()}`);
    await rename(path, movedTo);
    if ((await stat(movedTo)).ino !== inode) {
      // A link, since it replaces nothing: the next writer may have been here already.
      await link(movedTo, path);
      await unlink(movedTo);
      return;
    }
    onMoved({ version: number, damage, movedTo });
  }
}
