import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PatternStorage } from "../../feature-memory/index.ts";
import { crashRounds } from "./crash-rounds.ts";
import { MODEL, makeFolder, makePattern, makePatterns } from "./make-pattern.ts";
import { StoreProcess } from "./run-store-process.ts";

const NOBODY = 65_534;

describe("a process that is killed while it stores", () => {
  it("loses nothing that it acknowledged, and leaves nothing twice (4 kills)", async () => {
    const outcome = await crashRounds(4, "test");
    expect(outcome).toMatchObject({ lost: 0, duplicates: 0, repairs: 0 });
    expect(outcome.acknowledged).toBeGreaterThan(20);
  });
});

describe("two processes", () => {
  it("that make a store and write the same new ids at once leave each of them once", async () => {
    const folder = join(makeFolder(), "new");
    const count = 80;
    const starts = ["all", "all"].map((mode) => StoreProcess.start(mode, folder, "same", count));
    const both = await Promise.all(starts);
    await Promise.all(both.map((process_) => process_.finish()));
    for (const { acknowledged } of both) expect(acknowledged).toHaveLength(count);
    await using storage = new PatternStorage({ folder, model: MODEL });
    expect(await storage.count()).toBe(count);
    expect(await storage.find()).toHaveLength(count);
  });
});

describe("a folder without rights", () => {
  it("is a typed error; a store that may be read is read", async () => {
    const uid = process.getuid?.() === 0 ? NOBODY : undefined;
    const parent = makeFolder();
    const folder = join(parent, "store");
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.storeMany(makePatterns("a", 5));
    const closed = join(parent, "closed");
    mkdirSync(closed);
    chmodSync(closed, 0o500);
    chmodSync(parent, 0o755);
    lock(folder, 0o555);
    try {
      const reader = await StoreProcess.start("count", folder, "b", 0, uid);
      await reader.finish();
      expect(reader.lines).toEqual(["count 5", "error store_unwritable"]);
      const stranger = await StoreProcess.start("count", join(closed, "in"), "b", 0, uid);
      await stranger.finish();
      expect(stranger.lines).toEqual(["error store_unwritable", "error store_unwritable"]);
    } finally {
      lock(folder, 0o755);
    }
    await storage.store(makePattern("after"));
    expect(await storage.count()).toBe(6);
  });

  /** The folders of a store and its table. */
  function lock(folder: string, mode: number): void {
    const table = join(folder, "test-model.r1.last.mean.lance");
    const names = ["", "_versions", "data", "_transactions"].map((name) => join(table, name));
    for (const path of [folder, ...names]) chmodSync(path, mode);
  }
});
