import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ClosedError, InvalidArgumentError } from "../../errors.ts";
import { type AudioPattern, PatternStorage } from "../../feature-memory/index.ts";
import { Collection } from "../../feature-memory/storage/collection.ts";
import { DIMENSION, MODEL, makeFolder, makePattern, makePatterns } from "./make-pattern.ts";

let storage: PatternStorage;

beforeAll(() => {
  storage = new PatternStorage({ folder: makeFolder(), model: MODEL });
});
afterAll(() => storage.close());

function audioOf(duration: number): { duration: number; sampleRate: number; channels: number } {
  return { duration, sampleRate: 8_000, channels: 1 };
}

describe("PatternStorage", () => {
  it("gives back what was stored, field by field, also after it was opened again", async () => {
    const folder = makeFolder();
    const pattern: AudioPattern = {
      ...makePattern("whole"),
      labels: { class: "dog", note: "a=b=c" },
      relationships: new Map([
        ["other", 0.25],
        ["third", -1],
      ]),
    };
    await using first = new PatternStorage({ folder, model: MODEL });
    await first.store(pattern);
    expect(await first.retrieve("whole")).toEqual(pattern);
    await first.close();
    await using second = new PatternStorage({ folder, model: MODEL });
    expect(await second.retrieve("whole")).toEqual(pattern);
  });

  it("replaces a pattern of the same id", async () => {
    await storage.store(makePattern("same"));
    const other = makePattern("same", { features: new Float32Array(DIMENSION).fill(2) });
    await storage.store(other);
    expect(await storage.count({ ids: ["same"] })).toBe(1);
    expect(await storage.retrieve("same")).toEqual(other);
  });

  it("keeps what a pattern was when it was given, whatever the caller writes afterwards", async () => {
    const pattern = makePattern("mutable");
    const before = pattern.features.slice();
    const stored = storage.store(pattern);
    pattern.features.fill(9);
    await stored;
    expect((await storage.retrieve("mutable")).features).toEqual(before);
  });

  it("stores once what is asked for twice at once, and the last one counts", async () => {
    const last = makePattern("twice", { labels: { which: "last" } });
    await Promise.all([
      storage.store(makePattern("twice", { labels: { which: "first" } })),
      storage.storeMany([makePattern("twice", { labels: { which: "middle" } }), last]),
    ]);
    expect(await storage.count({ ids: ["twice"] })).toBe(1);
    expect((await storage.retrieve("twice")).labels).toEqual({ which: "last" });
  });

  it("gathers stores that are asked for while one commits", async () => {
    const { commits } = await storage.getStatistics();
    await Promise.all(makePatterns("gathered", 200).map((pattern) => storage.store(pattern)));
    expect((await storage.getStatistics()).commits - commits).toBeLessThan(10);
    expect(await storage.count({ ids: ["gathered0", "gathered199"] })).toBe(2);
  });

  it("stores many in thousands, and finds each", async () => {
    const patterns = makePatterns("many", 2_500);
    const seen: number[] = [];
    await storage.storeMany(patterns, { onProgress: ({ done }) => seen.push(done) });
    expect(seen).toEqual([0, 1_000, 2_000, 2_500]);
    expect(await storage.count()).toBeGreaterThanOrEqual(2_500);
    expect(await storage.retrieve("many2499")).toEqual(patterns[2499]);
    await storage.storeMany([]);
  });

  it("stops between two thousands when it is aborted, and keeps what it has stored", async () => {
    const controller = new AbortController();
    const call = storage.storeMany(makePatterns("stopped", 2_500), {
      signal: controller.signal,
      onProgress: ({ done }) => done === 1_000 && controller.abort(new Error("enough")),
    });
    await expect(call).rejects.toThrow("enough");
    expect(await storage.has("stopped1999")).toBe(true); // its thousand was on its way
    expect(await storage.has("stopped2000")).toBe(false);
  });

  it("updates what is named, and leaves the rest", async () => {
    const pattern = makePattern("changing", { labels: { class: "dog" } });
    await storage.store(pattern);
    await storage.update("changing", { metadata: { frequency: 7 } });
    await storage.update("changing", {
      labels: { class: "cat" },
      relationships: new Map([["a", 1]]),
    });
    expect(await storage.retrieve("changing")).toEqual({
      ...pattern,
      labels: { class: "cat" },
      relationships: new Map([["a", 1]]),
      metadata: { ...pattern.metadata, frequency: 7 },
    });
  });

  it("takes an update as it was given, whatever the caller writes afterwards", async () => {
    await storage.store(makePattern("updated"));
    const features = new Float32Array(DIMENSION).fill(3);
    const labels: Record<string, string> = { class: "dog" };
    const relationships = new Map([["a", 1]]);
    const metadata = { timestamp: new Date(5), audioProperties: audioOf(2) };
    const updated = storage.update("updated", { features, labels, relationships, metadata });
    features.fill(9);
    labels["class"] = "cat";
    relationships.set("a", 0);
    metadata.timestamp.setTime(6);
    metadata.audioProperties.duration = 7;
    await updated;
    expect(await storage.retrieve("updated")).toMatchObject({
      features: new Float32Array(DIMENSION).fill(3),
      labels: { class: "dog" },
      relationships: new Map([["a", 1]]),
      metadata: { timestamp: new Date(5), audioProperties: audioOf(2) },
    });
  });

  it("leaves what an update names as undefined", async () => {
    const pattern = makePattern("kept", { labels: { class: "dog" } });
    await storage.store(pattern);
    await storage.update("kept", {
      labels: undefined,
      metadata: { frequency: undefined, confidence: 1 } as unknown as { confidence: number },
    });
    const metadata = { ...pattern.metadata, confidence: 1 };
    expect(await storage.retrieve("kept")).toEqual({ ...pattern, metadata });
  });

  it("loses no update of two storages that change different fields at once", async () => {
    await using other = new PatternStorage({ folder: storage.folder, model: MODEL });
    await storage.store(makePattern("shared"));
    await Promise.all([
      storage.update("shared", { metadata: { frequency: 5 } }),
      other.update("shared", { labels: { class: "bird" } }),
      other.update("shared", { metadata: { confidence: 1 } }),
    ]);
    const { labels, metadata } = await storage.retrieve("shared");
    expect(labels).toEqual({ class: "bird" });
    expect(metadata).toMatchObject({ frequency: 5, confidence: 1 });
  });

  it("has no more of a pattern that was deleted", async () => {
    await storage.store(makePattern("gone"));
    expect(await storage.has("gone")).toBe(true);
    await storage.delete("gone");
    expect(await storage.has("gone")).toBe(false);
    const found = await storage.findSimilar(makePattern("gone").features, 1);
    expect(found[0]?.id).not.toBe("gone");
  });

  it.each([
    ["retrieve", () => storage.retrieve("nowhere")],
    ["update", () => storage.update("nowhere", { labels: {} })],
    ["delete", () => storage.delete("nowhere")],
  ])("says that there is no such pattern: %s", async (_, work) => {
    await expect(work()).rejects.toMatchObject({
      code: "pattern_not_found",
      message: expect.stringContaining('"nowhere"'),
    });
  });

  it("finds patterns by criteria, in the order of their ids", async () => {
    const found = await storage.find({ ids: ["many2", "many10", "many1", "nowhere"] });
    expect(found.map(({ id }) => id)).toEqual(["many1", "many10", "many2"]);
    expect(await storage.find({ ids: ["many2", "many1"] }, 1)).toMatchObject([{ id: "many1" }]);
  });

  it("refuses more than maxPatterns, and keeps what it has", async () => {
    await using small = new PatternStorage({ folder: makeFolder(), model: MODEL, maxPatterns: 3 });
    await small.storeMany(makePatterns("s", 2));
    const full = { code: "store_limit", message: expect.stringContaining("maxPatterns") };
    await expect(small.storeMany(makePatterns("t", 2))).rejects.toMatchObject(full);
    const settled = await Promise.allSettled([
      small.store(makePattern("s2")),
      small.store(makePattern("s3")),
      small.store(makePattern("s0")),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await small.find()).map(({ id }) => id)).toEqual(["s0", "s1", "s2"]);
    await small.delete("s1");
    await small.store(makePattern("s3"));
  });

  it("keeps each model's patterns in a table of its own, whatever the model is called", async () => {
    const folder = makeFolder();
    const names = ["org/model", "org_model", ".hidden", "ü".repeat(300)];
    for (const modelId of names) {
      const model = { ...MODEL, modelId };
      await using own = new PatternStorage({ folder, model });
      await own.store({ ...makePattern("p"), model: { ...MODEL, modelId } });
      expect(await own.count()).toBe(1);
    }
  });

  it("tells its statistics", async () => {
    await using fresh = new PatternStorage({ folder: makeFolder(), model: MODEL });
    await fresh.storeMany(makePatterns("s", 100));
    const before = await fresh.getStatistics();
    expect(before).toMatchObject({
      totalPatterns: 100,
      memoryUsage: 0,
      avgQueryTime: 0,
      cacheHitRate: 0,
      commits: 1,
      queries: 0,
      search: "memory",
      repairs: [],
      upkeep: { runs: 0, lastError: null },
    });
    for (let at = 0; at < 4; at += 1) await fresh.findSimilar(makePattern("q"), 1);
    const after = await fresh.getStatistics();
    expect(after).toMatchObject({
      memoryUsage: 100 * DIMENSION * 4,
      cacheHitRate: 0.75,
      queries: 4,
    });
    expect(after.avgQueryTime).toBeGreaterThan(0);
    expect(after.bytesOnDisk).toBeGreaterThan(100 * DIMENSION * 4);
    expect(after.compressionRatio).toBeCloseTo((100 * DIMENSION * 4) / after.bytesOnDisk, 12);
  });

  it("keeps files and versions few, however many small commits there are", async () => {
    await using busy = new PatternStorage({ folder: makeFolder(), model: MODEL });
    for (let at = 0; at < 66; at += 1) await busy.store(makePattern(`b${at}`));
    const { upkeep, totalPatterns } = await busy.getStatistics();
    expect(upkeep).toEqual({ runs: 1, lastError: null });
    expect(totalPatterns).toBe(66);
    expect(await busy.findSimilar(makePattern("b7"), 1)).toMatchObject([{ id: "b7" }]);
  });

  it("is idle when the upkeep after the last write is done, too", async () => {
    await using busy = new PatternStorage({ folder: makeFolder(), model: MODEL });
    const maintain = vi.spyOn(Collection.prototype, "maintain");
    let isMaintained = false;
    maintain.mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      isMaintained = true;
    });
    const stores = Array.from({ length: 64 }, () => busy.update("a", { labels: {} }));
    await Promise.allSettled([busy.store(makePattern("a")), ...stores]);
    await busy.idle();
    expect(isMaintained).toBe(true);
    maintain.mockRestore();
  });

  it("finishes the writes that were asked for before it closes, and refuses those after", async () => {
    const folder = makeFolder();
    const closing = new PatternStorage({ folder, model: MODEL });
    const stored = closing.store(makePattern("last"));
    await Promise.all([stored, closing.close()]);
    await expect(closing.store(makePattern("late"))).rejects.toThrow(ClosedError);
    await expect(closing.count()).rejects.toThrow(ClosedError);
    await closing.close();
    await using again = new PatternStorage({ folder, model: MODEL });
    expect(await again.has("last")).toBe(true);
  });

  it("makes no folder before the first verb, and refuses options that are none", async () => {
    const folder = `${makeFolder()}/a/b`;
    const unused = new PatternStorage({ folder, model: MODEL });
    expect(existsSync(folder)).toBe(false);
    await unused.close();
    const make = (options: object) => () =>
      new PatternStorage({ folder, model: MODEL, ...options });
    expect(make({ maxPatterns: 0 })).toThrow(InvalidArgumentError);
    expect(make({ folder: "" })).toThrow(InvalidArgumentError);
    expect(make({ model: { ...MODEL, dimension: 1.5 } })).toThrow(InvalidArgumentError);
  });
});
