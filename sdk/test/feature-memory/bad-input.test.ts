import { afterAll, describe, expect, it } from "vitest";
import { GrymError, InvalidArgumentError } from "../../errors.ts";
import {
  type AudioPattern,
  FeatureMemoryError,
  type PatternCriteria,
  PatternStorage,
  type PatternUpdate,
  type SearchOptions,
} from "../../feature-memory/index.ts";
import { DIMENSION, MODEL, makeFolder, makePattern, PATTERN_MODEL } from "./make-pattern.ts";

const folder = makeFolder();
const storage = new PatternStorage({ folder, model: MODEL });
afterAll(() => storage.close());

const good = makePattern("good");
const withMetadata = (changes: object): Partial<AudioPattern> => ({
  metadata: { ...good.metadata, ...changes },
});

const BAD: readonly (readonly [name: string, code: string, changes: object, says: string])[] = [
  [
    "another model",
    "pattern_wrong_model",
    { model: { ...PATTERN_MODEL, modelId: "x" } },
    "modelId",
  ],
  [
    "a revision",
    "pattern_wrong_model",
    { model: { ...PATTERN_MODEL, revision: "r2" } },
    '"r2", not r1',
  ],
  ["a layer", "pattern_wrong_model", { model: { ...PATTERN_MODEL, layer: "first" } }, "layer"],
  ["no model", "pattern_wrong_model", { model: undefined }, "modelId"],
  ["too short", "pattern_wrong_dimension", { features: new Float32Array(3).fill(1) }, "3 features"],
  ["too long", "pattern_wrong_dimension", { features: new Float32Array(25).fill(1) }, "has 24"],
  ["empty", "pattern_wrong_dimension", { features: new Float32Array() }, "0 features"],
  ["NaN", "pattern_not_finite", { features: good.features.with(7, Number.NaN) }, "Feature 7"],
  ["infinite", "pattern_not_finite", { features: good.features.with(0, -Infinity) }, "-Infinity"],
  ["all zero", "pattern_invalid", { features: new Float32Array(DIMENSION) }, "no cosine"],
  ["no Float32Array", "pattern_invalid", { features: Array.from(good.features) }, "Float32Array"],
  ["empty id", "pattern_invalid", { id: "" }, "id"],
  ["half a character as id", "pattern_invalid", { id: "\ud800" }, "id"],
  ["no text as id", "pattern_invalid", { id: 5 }, "id"],
  ["a key with =", "pattern_invalid", { labels: { "a=b": "c" } }, "a=b"],
  ["a label that is a number", "pattern_invalid", { labels: { class: 5 } }, "class"],
  ["no date", "pattern_invalid", withMetadata({ timestamp: new Date("no") }), "timestamp"],
  ["confidence above 1", "pattern_invalid", withMetadata({ confidence: 1.1 }), "confidence"],
  ["confidence NaN", "pattern_invalid", withMetadata({ confidence: Number.NaN }), "confidence"],
  [
    "no audio properties",
    "pattern_invalid",
    withMetadata({ audioProperties: undefined }),
    "duration",
  ],
  ["confidence null", "pattern_invalid", withMetadata({ confidence: null }), "confidence"],
  ["confidence as text", "pattern_invalid", withMetadata({ confidence: "0.5" }), "confidence"],
  ["confidence true", "pattern_invalid", withMetadata({ confidence: true }), "confidence"],
  ["labels that are text", "pattern_invalid", { labels: "abc" }, "labels"],
  ["labels in a list", "pattern_invalid", { labels: ["abc"] }, "labels"],
  ["relationships in an object", "pattern_invalid", { relationships: { a: 1 } }, "a Map"],
  ["no metadata", "pattern_invalid", { metadata: undefined }, "timestamp"],
  [
    "a relationship NaN",
    "pattern_invalid",
    { relationships: new Map([["a", Number.NaN]]) },
    "relation",
  ],
];

describe("a bad pattern", () => {
  it.each(BAD)("is refused with a typed error: %s", async (_, code, changes, says) => {
    const bad = { ...good, ...changes } as AudioPattern;
    const failure = { code, message: expect.stringContaining(says) };
    await expect(storage.store(bad)).rejects.toMatchObject(failure);
    await expect(storage.storeMany([good, bad])).rejects.toBeInstanceOf(FeatureMemoryError);
    // Not even the good one before it: all are checked first.
    expect(await storage.count()).toBe(0);
  });

  it("is in the family of the SDK's errors", async () => {
    const error: unknown = await storage.store({ ...good, id: "" }).catch((it: unknown) => it);
    expect(error).toBeInstanceOf(GrymError);
    expect(error).toMatchObject({ name: "FeatureMemoryError", code: "pattern_invalid" });
  });

  it.each(BAD.slice(0, 11))("is no query either: %s", async (_, code, changes) => {
    const bad = { ...good, ...changes } as AudioPattern;
    await expect(storage.findSimilar(bad, 3)).rejects.toMatchObject({ code });
  });

  it("does not come about by an update", async () => {
    await using own = new PatternStorage({ folder: makeFolder(), model: MODEL });
    await own.store(good);
    const bad: readonly (readonly [string, PatternUpdate])[] = [
      ["pattern_not_finite", { features: good.features.with(1, Number.NaN) }],
      ["pattern_wrong_dimension", { features: new Float32Array(2).fill(1) }],
      ["pattern_invalid", { metadata: { confidence: 2 } }],
      ["pattern_invalid", { labels: "abc" as never }],
      ["pattern_invalid", { relationships: { a: 1 } as never }],
      ["pattern_invalid", { features: Array.from(good.features) as never }],
      ["invalid_argument", null as never],
      ["invalid_argument", { metadata: null as never }],
    ];
    for (const [code, update] of bad) {
      await expect(own.update("good", update)).rejects.toMatchObject({ code });
    }
    expect(await own.retrieve("good")).toEqual(good);
  });
});

describe("a bad request", () => {
  it.each([0, -1, 1.5, Number.NaN])("is a limit of %s", async (limit) => {
    await expect(storage.findSimilar(good, limit)).rejects.toThrow(InvalidArgumentError);
    await expect(storage.find({}, limit)).rejects.toThrow(InvalidArgumentError);
  });

  it("is a criterion that is none", async () => {
    await expect(storage.count({ since: new Date("no") })).rejects.toThrow(InvalidArgumentError);
    await expect(storage.count({ minConfidence: Number.NaN })).rejects.toThrow(
      InvalidArgumentError,
    );
    await expect(storage.count({ ids: [5 as unknown as string] })).rejects.toThrow(
      InvalidArgumentError,
    );
  });

  const CRITERIA: readonly (readonly [says: string, criteria: unknown])[] = [
    ["criteria", null],
    ["criteria", "dog"],
    ["ids", { ids: "dog" }],
    ["ids", { ids: [5] }],
    ["source", { source: 5 }],
    ["labels", { labels: "dog" }],
    ["labels", { labels: ["dog"] }],
    ["labels.class", { labels: { class: 5 } }],
    ["labels.class", { labels: { class: [5] } }],
    // The label a = "b=c" has the same text in the store.
    ['without "="', { labels: { "a=b": "c" } }],
    ["since", { since: 5 }],
    ["until", { until: null }],
    ["minConfidence", { minConfidence: "0.5" }],
  ];

  it.each(CRITERIA)("is a criterion of another kind: %s %j", async (says, criteria) => {
    const where = criteria as PatternCriteria;
    for (const work of [
      () => storage.count(where),
      () => storage.find(where),
      () => storage.findSimilar(good, { where }),
    ]) {
      await expect(work()).rejects.toThrow(InvalidArgumentError);
      await expect(work()).rejects.toThrow(says);
    }
  });

  it.each([
    ["options", null],
    ["options", "5"],
    ["limit", { limit: "5" }],
    ["exclude", { exclude: "good" }],
    ["exclude", { exclude: [5] }],
    ["excludeLabels", { excludeLabels: { class: 5 } }],
    ["minSimilarity", { minSimilarity: Number.NaN }],
    ["minSimilarity", { minSimilarity: "0.1" }],
  ])("is an option of another kind: %s %j", async (says, options) => {
    await using onDisk = new PatternStorage({ folder, model: MODEL, maxScanBytes: 0 });
    for (const own of [storage, onDisk]) {
      const found = own.findSimilar(good, options as SearchOptions);
      await expect(found).rejects.toThrow(InvalidArgumentError);
      const ids = own.findSimilarIds(good, options as SearchOptions);
      await expect(ids).rejects.toThrow(says);
    }
  });

  it("is what is no list of patterns, and a bound that is none", async () => {
    await expect(storage.storeMany(good as never)).rejects.toThrow(InvalidArgumentError);
    for (const maxScanBytes of [Number.NaN, -1, "5"]) {
      const make = () => new PatternStorage({ folder, model: MODEL, maxScanBytes } as never);
      expect(make).toThrow(InvalidArgumentError);
    }
  });

  it("is not a limit beyond all patterns, nor a date beyond all others", async () => {
    const own = makeFolder();
    await using inMemory = new PatternStorage({ folder: own, model: MODEL });
    await using onDisk = new PatternStorage({ folder: own, model: MODEL, maxScanBytes: 0 });
    await inMemory.store(good);
    for (const it of [inMemory, onDisk]) {
      expect(await it.findSimilarIds(good, { limit: 2 ** 40 })).toHaveLength(1);
    }
    const ends = [new Date(-8.64e15), new Date(8.64e15)] as const;
    expect(await inMemory.count({ since: ends[0], until: ends[1] })).toBe(1);
    expect(await inMemory.count({ until: ends[0] })).toBe(0);
    expect(await inMemory.count({ since: ends[1] })).toBe(0);
  });

  it("does not depend on what the caller does with a query while it is on its way", async () => {
    await using own = new PatternStorage({ folder: makeFolder(), model: MODEL });
    await own.store(good);
    const query = good.features.slice();
    const exclude: string[] = [];
    const found = own.findSimilarIds(query, { exclude, minSimilarity: 0.99 });
    query.fill(-1);
    exclude.push("good");
    expect(await found).toHaveLength(1);
  });

  it("is opening a table as something else than it is", async () => {
    const own = makeFolder();
    await using first = new PatternStorage({ folder: own, model: MODEL });
    await first.store(good);
    await using wider = new PatternStorage({ folder: own, model: { ...MODEL, dimension: 25 } });
    await expect(wider.initialize()).rejects.toMatchObject({ code: "pattern_wrong_dimension" });
    expect(await first.count()).toBe(1);
  });
});
