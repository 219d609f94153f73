import { mkdir, open, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import type { StoreRepair } from "../core/types.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";
import { damageOf, MAGIC, readFiles, type VersionFile, versionOf } from "./manifest.ts";

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

/**
 * Looks whether the newest version of a table is whole. Where it is not, its manifest is moved to
 * `_damaged` (nothing is deleted), and so on to the first version that is.
 *
 * @returns what was moved; empty for a whole table, and for one that has no version yet
 * @throws FeatureMemoryError store_damaged: no version near is whole; nothing was moved
 */
export async function repairTable(table: string): Promise<StoreRepair[]> {
  const versions = await listVersions(table);
  const torn: (Version & { readonly damage: string })[] = [];
  for (const version of versions) {
    const damage = await findDamage(table, version.name);
    if (damage === undefined) return await moveAside(table, torn);
    torn.push({ ...version, damage });
    if (torn.length > MAX_TORN) break;
  }
  if (torn.length === 0) return [];
  const words = torn.map(({ number, damage }) => `version ${number}: ${damage}`).join("; ");
  throw new FeatureMemoryError(
    "store_damaged",
    `The store in ${table} is damaged (${words}) and has no whole version near. Nothing was changed; restore the files from a copy.`,
    { table, damage: torn.map(({ damage }) => damage) },
  );
}

/** Versions of a table, newest first. */
export async function listVersions(table: string): Promise<Version[]> {
  const names = await readdir(join(table, "_versions")).catch(() => []);
  return names
    .flatMap((name) => {
      const number = versionOf(name);
      return number === undefined ? [] : [{ number, name }];
    })
    .toSorted((a, b) => b.number - a.number);
}

/** Whether a file of an index is damaged: the index is then made anew, it holds nothing. */
export async function hasDamagedIndex(table: string): Promise<boolean> {
  const folder = join(table, "_indices");
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.endsWith(".lance"));
  for (const name of files) {
    const path = join("_indices", name);
    if ((await findFileDamage(table, { path, size: undefined, magic: MAGIC })) !== undefined) {
      return true;
    }
  }
  return false;
}

async function findDamage(table: string, name: string): Promise<string | undefined> {
  const path = join("_versions", name);
  const bytes = await readFile(join(table, path));
  const damage = damageOf(bytes);
  if (damage !== undefined) return `${path} ${damage}`;
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
  const size = (await stat(path).catch(() => undefined))?.size;
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

async function moveAside(
  table: string,
  torn: readonly (Version & { readonly damage: string })[],
): Promise<StoreRepair[]> {
  if (torn.length > 0) await mkdir(join(table, DAMAGED), { recursive: true });
  const repairs: StoreRepair[] = [];
  // The newest first: interrupted, this leaves a newest version that is damaged, and found again.
  for (const { number, name, damage } of torn) {
    const movedTo = join(table, DAMAGED, `${name}.${Date.now()}`);
    await rename(join(table, "_versions", name), movedTo);
    repairs.push({ version: number, damage, movedTo });
  }
  return repairs;
}
