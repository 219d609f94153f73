import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { InvalidArgumentError } from "../../errors.ts";
import { PatternLearningSystem, PatternStorage } from "../../feature-memory/index.ts";
import { typed } from "../../feature-memory/storage/lance-error.ts";
import { listVersions } from "../../feature-memory/storage/repair.ts";
import { TableFiles } from "../../feature-memory/storage/table-files.ts";
import { MODEL, makeFolder, makePattern } from "./make-pattern.ts";

const TABLE = "test-model.r1.last.mean.lance";

afterEach(() => vi.restoreAllMocks());

describe("the folder of a store", () => {
  it("is where it was when the storage was made, wherever the process goes", async () => {
    const start = makeFolder();
    vi.spyOn(process, "cwd").mockReturnValue(start);
    await using storage = new PatternStorage({ folder: "here", model: MODEL });
    await storage.store(makePattern("a"));
    vi.spyOn(process, "cwd").mockReturnValue(makeFolder());
    await storage.store(makePattern("b"));
    expect(storage.folder).toBe(join(start, "here"));
    expect((await storage.getStatistics()).versions).toBeGreaterThan(1);
    expect(readdirSync(join(start, "here"))).toEqual([TABLE]);
  });

  it.each(["memory://x", "file:///tmp/x", "s3://bucket/x", "~", "~/patterns"])(
    "is no URL and no home: %s",
    (folder) => {
      const make = () => new PatternStorage({ folder, model: MODEL });
      expect(make).toThrow(InvalidArgumentError);
      expect(make).toThrow("path of a folder");
      expect(() => new PatternLearningSystem({ folder })).toThrow("path of a folder");
    },
  );

  it("may have any other name", async () => {
    const parent = makeFolder();
    const names = ["a b", "ü🎵", "pct%20x", "hash#x", "q?y=1", "it's", "[x]{y}*", "~x", "a:b"];
    for (const name of names) {
      const folder = join(parent, name);
      await using storage = new PatternStorage({ folder, model: MODEL });
      await storage.store(makePattern("a"));
      expect(readdirSync(folder)).toEqual([TABLE]);
    }
    expect(readdirSync(parent).toSorted()).toEqual(names.toSorted());
    expect(readdirSync(homedir())).not.toContain(TABLE);
  });

  it.each([
    ["a file", "file"],
    ["below a file", "file/in/it"],
  ])("that is %s is a typed error that says so", async (_, name) => {
    const parent = join(makeFolder(), "corpus magic, not found");
    mkdirSync(parent);
    writeFileSync(join(parent, "file"), "");
    await using storage = new PatternStorage({ folder: join(parent, name), model: MODEL });
    await expect(storage.store(makePattern("a"))).rejects.toMatchObject({
      code: "store_unwritable",
      message: expect.stringContaining("a file stands in its way"),
    });
  });

  it("that was deleted fails the next store, which cannot be synced", async () => {
    const folder = makeFolder();
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.store(makePattern("a"));
    rmSync(join(folder, TABLE), { recursive: true });
    await expect(storage.store(makePattern("b"))).rejects.toMatchObject({ code: /^store_/ });
    await expect(new TableFiles(join(folder, TABLE)).sync()).rejects.toMatchObject({
      code: "ENOENT",
    });
  });
});

describe("syncing", () => {
  it("of many files opens few of them at once", async () => {
    const table = join(makeFolder(), TABLE);
    for (const name of ["_versions", "data"]) {
      mkdirSync(join(table, name), { recursive: true });
      for (let at = 0; at < 150; at += 1) writeFileSync(join(table, name, `f${at}`), "x");
    }
    // 80 descriptors: Node itself holds about 25.
    const script = `
      import { TableFiles } from ${JSON.stringify(join(import.meta.dirname, "../../feature-memory/storage/table-files.ts"))};
      await new TableFiles(${JSON.stringify(table)}).sync();
      console.log("synced");`;
    const quoted = [process.execPath, "--no-warnings", "--input-type=module", "-e", script]
      .map((it) => `'${it.replaceAll("'", "'\\''")}'`)
      .join(" ");
    const { stdout, stderr } = spawnSync("sh", ["-c", `ulimit -n 80; exec ${quoted}`], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(stdout).toBe("synced\n");
  });

  it("reaches every folder that was made for the store, and the one they were made in", async () => {
    const parent = makeFolder();
    const folder = join(parent, "deep", "a", "b");
    const synced: number[] = [];
    const sample = await open(parent);
    const prototype = Object.getPrototypeOf(sample) as typeof sample;
    const sync = prototype.sync;
    vi.spyOn(prototype, "sync").mockImplementation(async function (this: typeof sample) {
      synced.push((await this.stat()).ino);
      return await sync.call(this);
    });
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.store(makePattern("a"));
    for (const path of ["", "deep", "deep/a", "deep/a/b"]) {
      await using handle = await open(join(parent, path));
      expect(synced).toContain((await handle.stat()).ino);
    }
    await sample.close();
  });
});

describe("an error of the system", () => {
  it.each([
    ["ENOSPC", "no space left", "store_full"],
    ["EACCES", "permission denied", "store_unwritable"],
    ["ENOENT", "no such file", "store_damaged"],
    ["EEXIST", "file already exists", "store_unwritable"],
    ["EMFILE", "too many open files", "store_failed"],
  ])("is told by its code, whatever the path is called: %s", async (name, text, code) => {
    const folder = "/data/corpus magic/not found/os error 28";
    const error = Object.assign(new Error(`${text}, open '${folder}/x'`), { code: name });
    await expect(typed(folder, () => Promise.reject(error))).rejects.toMatchObject({ code });
  });

  const database = "/data/corpus magic/not found";
  it.each([
    [`lance error: odd thing, ${database}/x.lance`, "store_failed"],
    [`lance error: odd thing, ${database.slice(1)}/x.lance`, "store_failed"],
    [`LanceError(IO): No space left on device (os error 28), ${database}`, "store_full"],
    [`lance error: Not found: ${database}/x.lance`, "store_damaged"],
  ])("of the database is told by its text, without the path: %s", async (text, code) => {
    const work = () => Promise.reject(new Error(text));
    await expect(typed(database, work)).rejects.toMatchObject({ code });
  });
});

describe("the name of a table", () => {
  it("is another one for models whose names differ only by where a dot stands", async () => {
    const folder = makeFolder();
    const a = { ...MODEL, modelId: "m", revision: "1.0" };
    const b = { ...MODEL, modelId: "m.1", revision: "0" };
    await using first = new PatternStorage({ folder, model: a });
    await using second = new PatternStorage({ folder, model: b });
    await first.store({ ...makePattern("x"), model: a });
    await second.initialize();
    expect([await first.count(), await second.count()]).toEqual([1, 0]);
  });

  it.each(["modelId", "revision", "layer", "pooling"])("needs a model with a %s", (field) => {
    for (const value of [undefined, "", 5]) {
      const model = { ...MODEL, [field]: value } as typeof MODEL;
      const make = () => new PatternStorage({ folder: makeFolder(), model });
      expect(make).toThrow(InvalidArgumentError);
      expect(make).toThrow(`model.${field}`);
    }
  });
});

describe("many storages that make one store at once", () => {
  it("make it once: one that came late would empty what others have stored", async () => {
    for (let round = 0; round < 3; round += 1) {
      const folder = join(makeFolder(), "new");
      const make = () => new PatternStorage({ folder, model: MODEL });
      const storages = Array.from({ length: 10 }, make);
      await Promise.all(storages.map((it) => it.initialize()));
      expect(await listVersions(join(folder, TABLE))).toHaveLength(1);
      await Promise.all(storages.map((it, at) => it.store(makePattern(`same${at % 3}`))));
      expect(await storages[0]?.count()).toBe(3);
      expect(readdirSync(folder)).toEqual([TABLE]);
      await Promise.all(storages.map((it) => it.close()));
    }
  });
});
