import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { connect } from "@lancedb/lancedb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PatternStorage } from "../../feature-memory/index.ts";
import { Collection } from "../../feature-memory/storage/collection.ts";
import { readFiles } from "../../feature-memory/storage/manifest.ts";
import { findTorn, moveAside } from "../../feature-memory/storage/repair.ts";
import { MODEL, makeFolder, makePattern, makePatterns } from "./make-pattern.ts";

const TABLE = "test-model.r1.last.mean.lance";
let warnings: string[];

beforeEach(() => {
  warnings = [];
  vi.spyOn(console, "warn").mockImplementation((text: string) => warnings.push(text));
});
afterEach(() => vi.restoreAllMocks());

/** A store with `a0`–`a9` and, in its newest version, `last`. */
async function makeStore(): Promise<{ folder: string; table: string }> {
  const folder = makeFolder();
  await using storage = new PatternStorage({ folder, model: MODEL });
  await storage.storeMany(makePatterns("a", 10));
  await storage.store(makePattern("last"));
  return { folder, table: join(folder, TABLE) };
}

/** Manifests, newest first. */
function listManifests(table: string): string[] {
  const names = readdirSync(join(table, "_versions")).filter((name) => name.endsWith(".manifest"));
  return names.toSorted().map((name) => join(table, "_versions", name));
}

function halve(path: string): void {
  truncateSync(path, Math.floor(readFileSync(path).length / 2));
}

/** The data file that only the newest version has. */
function newestData(table: string): string {
  const [newest, before] = listManifests(table).map((path) =>
    readFiles(readFileSync(path)).map((file) => file.path),
  );
  const path = newest?.find((it) => it.startsWith("data/") && !before?.includes(it));
  if (path === undefined) throw new Error("no data file of its own");
  return join(table, path);
}

const DAMAGES: readonly (readonly [name: string, damage: (table: string) => void, says: string])[] =
  [
    [
      "its manifest is empty",
      (table) => truncateSync(listManifests(table)[0] ?? "", 0),
      "is empty",
    ],
    ["its manifest is cut", (table) => halve(listManifests(table)[0] ?? ""), "does not end"],
    [
      "its manifest is zeros",
      (table) => {
        const [path = ""] = listManifests(table);
        writeFileSync(path, Buffer.alloc(readFileSync(path).length));
      },
      "does not end",
    ],
    [
      "its manifest points outside itself",
      (table) => {
        const [path = ""] = listManifests(table);
        const bytes = readFileSync(path);
        bytes.writeBigUInt64LE(2n ** 40n, bytes.length - 16);
        writeFileSync(path, bytes);
      },
      "points outside itself",
    ],
    ["its data is empty", (table) => truncateSync(newestData(table), 0), "is empty"],
    ["its data is cut", (table) => halve(newestData(table)), "of"],
    ["its data is missing", (table) => rmSync(newestData(table)), "is missing"],
    [
      "its data is zeros",
      (table) => {
        const path = newestData(table);
        writeFileSync(path, Buffer.alloc(readFileSync(path).length));
      },
      "does not end",
    ],
  ];

describe("a store whose newest version is damaged", () => {
  it.each(DAMAGES)("opens at the version before, and says so: %s", async (_, damage, says) => {
    const { folder, table } = await makeStore();
    damage(table);
    const manifests = listManifests(table);
    await using storage = new PatternStorage({ folder, model: MODEL });
    expect((await storage.find()).map(({ id }) => id)).toEqual(
      makePatterns("a", 10).map(({ id }) => id),
    );
    expect(storage.repairs).toMatchObject([{ version: 3, damage: expect.stringContaining(says) }]);
    expect((await storage.getStatistics()).repairs).toEqual(storage.repairs);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("version 3 is damaged");
    // Moved, not deleted.
    expect(listManifests(table)).toEqual(manifests.slice(1));
    expect(readdirSync(join(table, "_damaged"))).toHaveLength(1);
    // And it goes on.
    await storage.store(makePattern("new"));
    expect(await storage.findSimilar(makePattern("new"), 1)).toMatchObject([{ id: "new" }]);
    await storage.close();
    await using again = new PatternStorage({ folder, model: MODEL });
    expect(await again.count()).toBe(11);
    expect(again.repairs).toEqual([]);
    expect(warnings).toHaveLength(1);
  });

  it("is repaired once by many storages that open it at once, and opened by all", async () => {
    for (let round = 0; round < 3; round += 1) {
      const { folder, table } = await makeStore();
      truncateSync(listManifests(table)[0] ?? "", 0);
      const storages = Array.from(
        { length: 8 },
        () => new PatternStorage({ folder, model: MODEL }),
      );
      expect(await Promise.all(storages.map((it) => it.count()))).toEqual(Array(8).fill(10));
      expect(storages.flatMap((it) => it.repairs)).toHaveLength(1);
      expect(readdirSync(join(table, "_damaged"))).toHaveLength(1);
      await Promise.all(storages.map((it) => it.close()));
    }
  });

  it("gives back a whole version that another process has put in its place meanwhile", async () => {
    const { folder, table } = await makeStore();
    const [newest = ""] = listManifests(table);
    const whole = readFileSync(newest);
    truncateSync(newest, 0);
    const torn = await findTorn(table);
    expect(torn).toHaveLength(1);
    writeFileSync(`${newest}.new`, whole);
    renameSync(`${newest}.new`, newest);
    const repairs: unknown[] = [];
    await moveAside(table, torn, (repair) => repairs.push(repair));
    expect(repairs).toEqual([]);
    expect(listManifests(table)[0]).toBe(newest);
    await using storage = new PatternStorage({ folder, model: MODEL });
    expect(await storage.has("last")).toBe(true);
    expect(storage.repairs).toEqual([]);
  });

  it("keeps the damaged manifest through upkeep", async () => {
    const { folder, table } = await makeStore();
    truncateSync(listManifests(table)[0] ?? "", 0);
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.initialize();
    const collection = await Collection.open(folder, MODEL);
    await collection.maintain();
    collection.close();
    expect(readdirSync(join(table, "_damaged"))).toHaveLength(1);
    expect(await storage.count()).toBe(10);
  });

  it("says that it cannot be opened when no version is whole, and changes nothing", async () => {
    const { folder, table } = await makeStore();
    for (const path of listManifests(table)) truncateSync(path, 0);
    const before = readdirSync(table, { recursive: true });
    await using storage = new PatternStorage({ folder, model: MODEL });
    const damaged = {
      code: "store_damaged",
      message: expect.stringContaining("Nothing was changed"),
    };
    await expect(storage.initialize()).rejects.toMatchObject(damaged);
    await expect(storage.store(makePattern("x"))).rejects.toMatchObject(damaged);
    expect(readdirSync(table, { recursive: true })).toEqual(before);
  });

  it("does not go back over what was acknowledged long before for an old file that is gone", async () => {
    const { folder, table } = await makeStore();
    const old = newestData(table);
    await using storage = new PatternStorage({ folder, model: MODEL });
    for (let at = 0; at < 12; at += 1) await storage.store(makePattern(`b${at}`));
    await storage.close();
    rmSync(old);
    const manifests = listManifests(table);
    await using again = new PatternStorage({ folder, model: MODEL });
    await expect(again.initialize()).rejects.toMatchObject({ code: "store_damaged" });
    expect(listManifests(table)).toEqual(manifests);
  });

  it("opens when a process was killed before the first version was there", async () => {
    const { folder, table } = await makeStore();
    rmSync(join(table, "_versions"), { recursive: true });
    const other = makeFolder();
    cpSync(table, join(other, TABLE), { recursive: true });
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.store(makePattern("x"));
    expect(await storage.count()).toBe(1);
  });

  it("makes a damaged index anew: it holds nothing", async () => {
    const folder = makeFolder();
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.storeMany(makePatterns("a", 5_000));
    await storage.idle(); // the index is made after the promise
    expect((await storage.getStatistics()).upkeep).toEqual({ runs: 1, lastError: null });
    await storage.close();
    const indices = join(folder, TABLE, "_indices");
    const files = readdirSync(indices, { recursive: true, encoding: "utf8" });
    const pages = files.filter((name) => name.endsWith(".lance"));
    expect(pages.length).toBeGreaterThan(0);
    for (const name of pages) truncateSync(join(indices, name), 0);
    await using again = new PatternStorage({ folder, model: MODEL });
    const others = Array.from({ length: 3 }, () => new PatternStorage({ folder, model: MODEL }));
    const found = await Promise.all([again, ...others].map((it) => it.has("a4999")));
    expect(found).toEqual(Array(4).fill(true));
    await Promise.all(others.map((it) => it.close()));
    await again.store(makePattern("a7"));
    expect(await again.count()).toBe(5_000);
  });
});

describe("upkeep that fails", () => {
  it("fails no store, and is told", async () => {
    const folder = makeFolder();
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.storeMany(makePatterns("a", 10));
    const failing = vi.spyOn(Collection.prototype, "maintain").mockRejectedValue(new Error("no"));
    for (let at = 0; at < 64; at += 1) await storage.store(makePattern("a1"));
    await storage.idle();
    const { upkeep, totalPatterns } = await storage.getStatistics();
    expect({ ...upkeep, totalPatterns }).toMatchObject({
      runs: 1,
      lastError: { message: "no" },
      totalPatterns: 10,
    });
    failing.mockRestore();
  });
});

describe("old versions that another process removes", () => {
  it("disturb neither an opening nor the statistics", async () => {
    const { folder } = await makeStore();
    await using storage = new PatternStorage({ folder, model: MODEL });
    const database = await connect(folder);
    const table = await database.openTable(TABLE.replace(".lance", ""));
    let isDone = false;
    const failures: unknown[] = [];
    const watch = async (): Promise<void> => {
      while (!isDone) {
        await using other = new PatternStorage({ folder, model: MODEL });
        await Promise.all([other.count(), storage.getStatistics()]).catch((error: unknown) =>
          failures.push(error),
        );
      }
    };
    const watching = [watch(), watch()];
    for (let at = 0; at < 12; at += 1) {
      await storage.store(makePattern(`b${at}`));
      await table.checkoutLatest();
      await table.optimize({ cleanupOlderThan: new Date() });
    }
    isDone = true;
    await Promise.all(watching);
    expect(failures).toEqual([]);
    expect(await storage.count()).toBe(23);
    table.close();
  });
});
