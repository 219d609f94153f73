import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type AudioPattern,
  type PatternCriteria,
  PatternStorage,
  type SearchOptions,
} from "../../feature-memory/index.ts";
import { Collection } from "../../feature-memory/storage/collection.ts";
import { toRow } from "../../feature-memory/storage/pattern-rows.ts";
import { MODEL, makeFolder, makePattern, makePatterns, seededNumbers } from "./make-pattern.ts";

const COUNT = 600;
const CLASSES = ["dog", "cat", 'it\'s a "bird"', "100 % ü🎵\n\\", "class=dog"];
const QUERIES = Array.from({ length: 12 }, (_, at) =>
  seededNumbers(`query ${at}`, MODEL.dimension),
);

function makeLabelled(at: number): AudioPattern {
  const pattern = makePattern(`p${at}`);
  return {
    ...pattern,
    // Uneven, so that some filters match few: one class has a single pattern.
    labels: { class: CLASSES[at === 5 ? 4 : at % 4] ?? "", half: String(at % 2) },
    metadata: {
      ...pattern.metadata,
      source: `source ${at % 7}`,
      confidence: (at % 11) / 10,
      timestamp: new Date(1_700_000_000_000 + at * 1000),
    },
  };
}

const patterns = Array.from({ length: COUNT }, (_, at) => makeLabelled(at));
const folder = makeFolder();
let inMemory: PatternStorage;
let onDisk: PatternStorage;

beforeAll(async () => {
  inMemory = new PatternStorage({ folder, model: MODEL });
  onDisk = new PatternStorage({ folder, model: MODEL, maxScanBytes: 0 });
  await inMemory.storeMany(patterns);
});
afterAll(() => Promise.all([inMemory.close(), onDisk.close()]));

/** Double precision, and nothing clever. */
function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

function expected(query: Float32Array, limit: number, matches: (it: AudioPattern) => boolean) {
  return patterns
    .filter(matches)
    .map((pattern) => ({ id: pattern.id, similarity: cosine(query, pattern.features) }))
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, limit);
}

const FILTERS: readonly (readonly [
  name: string,
  options: SearchOptions,
  matches: (pattern: AudioPattern) => boolean,
])[] = [
  ["none", {}, () => true],
  ...CLASSES.map(
    (name) =>
      [
        `class ${JSON.stringify(name)}`,
        { where: { labels: { class: name } } },
        ({ labels }: AudioPattern) => labels?.["class"] === name,
      ] as const,
  ),
  [
    "two classes and a half",
    { where: { labels: { class: ["cat", "class=dog"], half: "1" } } },
    ({ labels }) => /^(cat|class=dog)$/.test(labels?.["class"] ?? "") && labels?.["half"] === "1",
  ],
  [
    "source, time and confidence",
    {
      where: {
        source: ["source 1", "source 2"],
        since: new Date(1_700_000_100_000),
        until: new Date(1_700_000_400_000),
        minConfidence: 0.3,
      },
    },
    ({ metadata: { source, timestamp, confidence } }) =>
      /[12]$/.test(source) &&
      timestamp.getTime() >= 1_700_000_100_000 &&
      timestamp.getTime() < 1_700_000_400_000 &&
      confidence >= 0.3,
  ],
  [
    "ids, some excluded",
    { where: { ids: ["p1", "p2", "p3", "nowhere"] }, exclude: ["p2"] },
    ({ id }) => id === "p1" || id === "p3",
  ],
  [
    "classes left out",
    { excludeLabels: { class: ["dog", "cat"] } },
    ({ labels }) => !/^(dog|cat)$/.test(labels?.["class"] ?? ""),
  ],
  ["a class that is not there", { where: { labels: { class: "do_" } } }, () => false],
  ["no value at all", { where: { source: [] } }, () => false],
];

describe("findSimilar", () => {
  it.each(FILTERS)("is exact, and full: %s", async (_, options, matches) => {
    for (const storage of [inMemory, onDisk]) {
      for (const [at, query] of QUERIES.entries()) {
        const limit = [1, 10, COUNT][at % 3] ?? 1;
        const found = await storage.findSimilarIds(query, { ...options, limit });
        const all = expected(query, COUNT, matches);
        const right = all.slice(0, limit);
        const similarities = new Map(all.map(({ id, similarity }) => [id, similarity]));
        expect(found).toHaveLength(right.length);
        expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
        for (const [rank, { id, similarity }] of found.entries()) {
          // Float32 may swap two that differ by less than it can say: each is as near as its rank
          // asks, and as near as its own vector is.
          expect(similarity).toBeCloseTo(right[rank]?.similarity ?? 2, 5);
          expect(similarity).toBeCloseTo(similarities.get(id) ?? 2, 5);
        }
      }
    }
  });

  it("says which way it went", async () => {
    expect((await inMemory.getStatistics()).search).toBe("memory");
    const { search, memoryUsage } = await onDisk.getStatistics();
    expect({ search, memoryUsage }).toEqual({ search: "disk", memoryUsage: 0 });
  });

  it("finds a stored pattern at similarity 1, with all that is known about it", async () => {
    const [pattern] = patterns;
    if (pattern === undefined) throw new Error("no patterns");
    const [found] = await inMemory.findSimilar(pattern, 1);
    expect(found).toMatchObject(pattern);
    expect(found?.similarity).toBeCloseTo(1, 6);
    const [other] = await inMemory.findSimilar(pattern, { limit: 1, exclude: [pattern.id] });
    expect(other?.id).not.toBe(pattern.id);
  });

  it("does not mind the length of a vector, however large or small", async () => {
    const [query = new Float32Array()] = QUERIES;
    for (const storage of [inMemory, onDisk]) {
      const ids = async (factor: number): Promise<string[]> =>
        (await storage.findSimilarIds(query.map((value) => value * factor))).map(({ id }) => id);
      expect(await ids(1e30)).toEqual(await ids(1));
      expect(await ids(1e-30)).toEqual(await ids(1));
    }
  });

  it("keeps to a lowest similarity", async () => {
    const [query = new Float32Array()] = QUERIES;
    for (const storage of [inMemory, onDisk]) {
      const found = await storage.findSimilarIds(query, { limit: COUNT, minSimilarity: 0.3 });
      const right = expected(query, COUNT, () => true).filter((it) => it.similarity >= 0.3);
      expect(found.map(({ id }) => id).toSorted()).toEqual(right.map(({ id }) => id).toSorted());
    }
  });

  it("sees what another storage has written, and own writes at once", async () => {
    const own = makeFolder();
    await using first = new PatternStorage({ folder: own, model: MODEL });
    await using second = new PatternStorage({ folder: own, model: MODEL });
    const nearest = async (storage: PatternStorage, id: string): Promise<string | undefined> =>
      (await storage.findSimilarIds(makePattern(id), { limit: 1, minSimilarity: 0.999 }))[0]?.id;
    await first.storeMany(makePatterns("f", 100));
    expect(await nearest(first, "f3")).toBe("f3");
    await second.store(makePattern("late"));
    expect(await nearest(first, "late")).toBe("late");
    expect(await nearest(second, "f3")).toBe("f3");
    await first.delete("f3");
    expect(await nearest(first, "f3")).toBeUndefined();
    expect(await nearest(second, "f3")).toBeUndefined();
    await second.update("f4", { features: makePattern("changed").features });
    expect(await nearest(first, "changed")).toBe("f4");
    await second.storeMany(makePatterns("g", 100));
    expect(await nearest(first, "g99")).toBe("g99");
    await first.store(makePattern("own"));
    expect(await nearest(first, "own")).toBe("own");
  });

  it("gives whole patterns also after another storage has moved their rows", async () => {
    const own = makeFolder();
    await using storage = new PatternStorage({ folder: own, model: MODEL });
    for (const part of ["a", "b", "c"]) await storage.storeMany(makePatterns(part, 10));
    const query = makePattern("a3");
    const before = await storage.findSimilar(query, 30);
    const collection = await Collection.open(own, MODEL);
    await collection.maintain();
    const ids = await storage.findSimilarIds(query, { limit: 30 });
    expect(ids).toEqual(before.map(({ id, similarity }) => ({ id, similarity })));
    expect(await storage.findSimilar(query, 30)).toEqual(before);
    await collection.merge([toRow(makePattern("a3", { labels: { class: "new" } }))]);
    await collection.maintain();
    collection.close();
    const [first, ...rest] = await storage.findSimilar(query, 30);
    expect(first).toMatchObject({ id: "a3", labels: { class: "new" } });
    expect(rest).toHaveLength(29);
  });

  it("forgets the rows of a filter when the table changes", async () => {
    await using storage = new PatternStorage({ folder: makeFolder(), model: MODEL });
    const where: PatternCriteria = { labels: { class: "dog" } };
    const found = async (): Promise<number> =>
      (await storage.findSimilarIds(makePattern("q"), { where })).length;
    await storage.store(makePattern("a", { labels: { class: "dog" } }));
    expect([await found(), await found()]).toEqual([1, 1]);
    await Promise.all([storage.store(makePattern("b", { labels: { class: "dog" } })), found()]);
    expect(await found()).toBe(2);
    await storage.delete("a");
    expect(await found()).toBe(1);
  });

  it("finds all that is stored while the store grows past the bound of memory, and shrinks", async () => {
    const fitting = 40;
    const maxScanBytes = fitting * MODEL.dimension * 4;
    await using own = new PatternStorage({ folder: makeFolder(), model: MODEL, maxScanBytes });
    await own.storeMany(makePatterns("p", fitting - 1));
    const query = makePattern("query");
    const counts = new Set<number>();
    for (let round = 0; round < 6; round += 1) {
      let isDone = false;
      const writes = (async () => {
        for (const id of ["x1", "x2"]) await own.store(makePattern(id));
        for (const id of ["x1", "x2"]) await own.delete(id);
        isDone = true;
      })();
      const searches: Promise<unknown>[] = [];
      while (!isDone) {
        const found = own.findSimilarIds(query, { limit: 100 });
        searches.push(
          found.then((hits) => counts.add(hits.filter(({ id }) => id.startsWith("p")).length)),
        );
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await Promise.all([writes, ...searches]);
    }
    expect([...counts]).toEqual([fitting - 1]);
  });

  it("finds nothing in an empty store", async () => {
    await using storage = new PatternStorage({ folder: makeFolder(), model: MODEL });
    expect(await storage.findSimilar(makePattern("q"), 3)).toEqual([]);
  });
});

describe("criteria", () => {
  it("compare texts as they are, whatever stands in them", async () => {
    await using storage = new PatternStorage({ folder: makeFolder(), model: MODEL });
    const texts = [
      "'",
      "''",
      "' OR '1'='1",
      "a') OR true --",
      "%",
      "_",
      "\\",
      "\\'",
      '"',
      "a\nb",
      "a\r\nb",
      "a\tb",
      "\0",
      "ü🎵",
      "\u2028",
      "‘’",
      "$1",
      "{x}",
      " ",
      "=",
      "a=b",
      "null",
      "`",
      "/* */",
      ";",
    ];
    await storage.storeMany(
      texts.map((text) => {
        const pattern = makePattern(text, { labels: { text } });
        return { ...pattern, metadata: { ...pattern.metadata, source: text } };
      }),
    );
    for (const text of texts) {
      const right = [{ id: text, labels: { text }, metadata: { source: text } }];
      expect(await storage.find({ ids: [text] })).toMatchObject(right);
      expect(await storage.find({ source: text })).toMatchObject(right);
      expect(await storage.find({ labels: { text } })).toMatchObject(right);
      expect(await storage.find({ labels: { text: [text, "nowhere"] } })).toMatchObject(right);
      expect(await storage.count({ labels: { other: text } })).toBe(0);
    }
    const [quote] = texts;
    await storage.delete(quote ?? "");
    expect(await storage.count()).toBe(texts.length - 1);
  });
});
