import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Connection, connect, type Table } from "@lancedb/lancedb";
import type { Schema } from "apache-arrow";
import { listVersions } from "./repair.ts";
import { systemCode } from "./system-error.ts";

/** Opens a table of a folder, or makes it. */
export async function openTable(folder: string, name: string, schema: Schema): Promise<Table> {
  const path = join(folder, `${name}.lance`);
  const isThere = async (): Promise<boolean> => (await listVersions(path)).length > 0;
  if (!(await isThere())) await makeTable(folder, name, schema);
  const database = await connectTo(folder);
  try {
    return await database.openTable(name);
  } catch (error) {
    if (await isThere()) throw error;
    // Something has left folders without a version there, which no table can take the place of.
    return await database.createEmptyTable(name, schema, { mode: "create", existOk: true });
  }
}

/**
 * Makes a table in a folder of its own, and moves it to its place, which only one process can:
 * LanceDB overwrites one that another process has made, and stored in, at the same time.
 */
async function makeTable(folder: string, name: string, schema: Schema): Promise<void> {
  const own = await mkdtemp(join(folder, ".new-"));
  try {
    const database = await connectTo(own);
    (await database.createEmptyTable(name, schema)).close();
    database.close();
    await rename(join(own, `${name}.lance`), join(folder, `${name}.lance`));
  } catch (error) {
    // There is one now.
    if (!["ENOTEMPTY", "EEXIST"].includes(systemCode(error) ?? "")) throw error;
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Interval 0: what another process has written is seen by the next read. */
async function connectTo(folder: string): Promise<Connection> {
  return await connect(folder, { readConsistencyInterval: 0 });
}
