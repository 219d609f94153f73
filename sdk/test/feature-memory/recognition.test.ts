import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../errors.ts";
import {
  calibrateThreshold,
  PatternRecognizer,
  PatternStorage,
} from "../../feature-memory/index.ts";
import { DIMENSION, MODEL, makeFolder, makePattern, seededNumbers } from "./make-pattern.ts";

const STORED = ["dog", "cat", "bird"];
const EACH = 20;
let storage: PatternStorage;

/** A clip near the middle of its class. */
function makeFeatures(label: string, clip: string, noise = 0.4): Float32Array {
  const middle = seededNumbers(`middle of ${label}`, DIMENSION);
  const own = seededNumbers(`${label} ${clip}`, DIMENSION);
  return middle.map((value, at) => value + noise * (own[at] ?? 0));
}

/** The direction of a circle that cosines are told from. */
const EAST = new Float32Array([1, 0]);
const CIRCLE = { ...MODEL, dimension: 2 };

/** The direction at a cosine from it. */
function towards(cosine: number): Float32Array {
  return new Float32Array([cosine, Math.sqrt(1 - cosine ** 2)]);
}

async function makeCircle(
  stored: readonly (readonly [id: string, cosine: number, label: string | undefined])[],
): Promise<PatternStorage> {
  const circle = new PatternStorage({ folder: makeFolder(), model: CIRCLE });
  const patterns = stored.map(([id, cosine, label]) => {
    const labels: Record<string, string> = label === undefined ? {} : { class: label };
    return makePattern(id, { features: towards(cosine), labels });
  });
  await circle.storeMany(patterns);
  return circle;
}

beforeAll(async () => {
  storage = new PatternStorage({ folder: makeFolder(), model: MODEL });
  await storage.storeMany(
    STORED.flatMap((label) =>
      Array.from({ length: EACH }, (_, at) =>
        makePattern(`${label}${at}`, {
          features: makeFeatures(label, `stored ${at}`),
          labels: { class: label, loudness: at % 2 ? "loud" : "soft" },
        }),
      ),
    ),
  );
});
afterAll(() => storage.close());

describe("PatternRecognizer", () => {
  it("names the class of a clip that was not stored", async () => {
    const recognizer = new PatternRecognizer(storage);
    for (const label of STORED) {
      const result = await recognizer.recognize(makeFeatures(label, "new"));
      expect(result.label).toBe(label);
      expect(result.similarity).toBeGreaterThan(0.7);
      expect(result.candidates).toHaveLength(5);
      expect([...result.votes]).toEqual([[label, 1]]);
      expect(result.candidates[0]?.similarity).toBe(result.similarity);
    }
  });

  it("calls a clip unknown when nothing is as near as the threshold", async () => {
    const query = makeFeatures("whale", "new");
    const { label, similarity, votes } = await new PatternRecognizer(storage).recognize(query);
    expect(label).toBeNull();
    expect(similarity).toBeLessThan(0.7);
    const generous = new PatternRecognizer(storage, { similarityThreshold: similarity });
    expect(votes).toEqual(new Map());
    const known = await generous.recognize(query);
    expect([known.label]).toEqual([...known.votes.keys()]);
    expect(known.label).toBe(known.candidates[0]?.labels?.["class"]);
  });

  it("lets only those vote that are as near as the threshold", async () => {
    await using own = await makeCircle([
      ["cat", 0.95, "cat"],
      ...[1, 2, 3, 4].map((at) => [`dog${at}`, 0.3, "dog"] as const),
    ]);
    const result = await new PatternRecognizer(own).recognize(EAST);
    expect(result).toMatchObject({ label: "cat", votes: new Map([["cat", 1]]) });
    expect(result.candidates).toHaveLength(5);
    const loose = new PatternRecognizer(own, { similarityThreshold: 0.3 });
    expect((await loose.recognize(EAST)).label).toBe("dog");
    const same = new PatternRecognizer(own, { similarityThreshold: 1 });
    expect((await same.recognize(towards(0.95))).label).toBe("cat");
  });

  it("takes nobody's label when only patterns without one are near", async () => {
    await using own = await makeCircle([
      ["nobody", 0.95, undefined],
      ["dog", 0.1, "dog"],
    ]);
    const result = await new PatternRecognizer(own).recognize(EAST);
    expect(result).toMatchObject({ label: null, votes: new Map() });
    expect(result.similarity).toBeCloseTo(0.95, 6);
  });

  it("weighs votes by similarity, and asks for the label that is named", async () => {
    const recognizer = new PatternRecognizer(storage, { label: "loudness", maxCandidates: 7 });
    const { votes, candidates } = await recognizer.recognize(makeFeatures("dog", "new"));
    const sum = (name: string): number =>
      candidates
        .filter(({ labels }) => labels?.["loudness"] === name)
        .reduce((total, { similarity }) => total + similarity, 0);
    expect(candidates.at(-1)?.similarity).toBeGreaterThan(0.7);
    const total = sum("loud") + sum("soft");
    expect(votes.get("loud") ?? 0).toBeCloseTo(sum("loud") / total, 12);
    expect([...votes.values()].reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    const shares = [...votes.values()];
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  });

  it("leaves out what it is told to", async () => {
    const recognizer = new PatternRecognizer(storage, { similarityThreshold: -1 });
    const query = makeFeatures("dog", "stored 3");
    const without = await recognizer.recognize(query, { exclude: ["dog3"] });
    expect(without.candidates.map(({ id }) => id)).not.toContain("dog3");
    const other = await recognizer.recognize(query, { excludeLabels: { class: "dog" } });
    expect(other.candidates.every(({ labels }) => labels?.["class"] !== "dog")).toBe(true);
    expect(other.label).not.toBe("dog");
  });

  it("knows nothing without patterns, or without such a label", async () => {
    await using empty = new PatternStorage({ folder: makeFolder(), model: MODEL });
    const query = makeFeatures("dog", "new");
    const nothing = await new PatternRecognizer(empty, { similarityThreshold: -1 }).recognize(
      query,
    );
    expect(nothing).toEqual({ label: null, similarity: -1, candidates: [], votes: new Map() });
    const other = await new PatternRecognizer(storage, { label: "pitch" }).recognize(query);
    expect(other).toMatchObject({ label: null, votes: new Map() });
  });

  it("refuses options that are none", () => {
    const make = (options: object) => () => new PatternRecognizer(storage, options);
    expect(make({ similarityThreshold: 1.5 })).toThrow(InvalidArgumentError);
    expect(make({ similarityThreshold: Number.NaN })).toThrow(InvalidArgumentError);
    expect(make({ maxCandidates: 0 })).toThrow(InvalidArgumentError);
  });
});

describe("calibrateThreshold", () => {
  const clips = STORED.flatMap((label) =>
    Array.from({ length: 10 }, (_, at) => ({
      features: makeFeatures(label, `other ${at}`),
      label,
    })),
  );

  it("finds a threshold that tells stored classes from those that are not", async () => {
    const found = await calibrateThreshold(storage, clips);
    expect(found).toMatchObject({ sensitivity: 1, specificity: 1, clips: clips.length });
    const recognizer = new PatternRecognizer(storage, { similarityThreshold: found.threshold });
    for (const label of STORED) {
      expect((await recognizer.recognize(makeFeatures(label, "new"))).label).toBe(label);
    }
    for (const label of ["whale", "clock", "rain", "door"]) {
      expect((await recognizer.recognize(makeFeatures(label, "new"))).label).toBeNull();
    }
  });

  it("maximises sensitivity + specificity - 1, also where the two overlap", async () => {
    const noisy = clips.map(({ label }, at) => ({
      label,
      features: makeFeatures(label, `noisy ${at}`, 1 + (at % 7) / 2),
    }));
    const found = await calibrateThreshold(new PatternRecognizer(storage), noisy);
    const nearest = async (excludeLabels?: { class: string }, at = 0): Promise<number> => {
      const { features = new Float32Array() } = noisy[at] ?? {};
      return (
        (await storage.findSimilarIds(features, { limit: 1, excludeLabels }))[0]?.similarity ?? -1
      );
    };
    const known = await Promise.all(noisy.map((_, at) => nearest(undefined, at)));
    const unknown = await Promise.all(noisy.map((clip, at) => nearest({ class: clip.label }, at)));
    const youden = (threshold: number): number =>
      (known.filter((it) => it >= threshold).length -
        unknown.filter((it) => it >= threshold).length) /
      noisy.length;
    const best = Math.max(...[...known, ...unknown].map(youden));
    expect(best).toBeLessThan(1);
    expect(youden(found.threshold)).toBeCloseTo(best, 12);
    expect(found.sensitivity + found.specificity - 1).toBeCloseTo(best, 12);
  });

  it("uses only clips whose class is stored, and refuses when there is none", async () => {
    const whale = { features: makeFeatures("whale", "a"), label: "whale" };
    expect((await calibrateThreshold(storage, [...clips, whale])).clips).toBe(clips.length);
    await expect(calibrateThreshold(storage, [whale])).rejects.toThrow(InvalidArgumentError);
  });

  it("leaves out a clip whose class is stored only in patterns that the clip excludes", async () => {
    await using own = await makeCircle([
      ["c", 0.95, "cat"],
      ["d", 0.5, "dog"],
    ]);
    const cat = { features: towards(0.9), label: "cat", exclude: ["c"] };
    const dog = { features: towards(0.4), label: "dog", exclude: ["c"] };
    expect(await calibrateThreshold(own, [cat, dog])).toMatchObject({ clips: 1 });
    await expect(calibrateThreshold(own, [cat])).rejects.toThrow(InvalidArgumentError);
    const own2 = { ...cat, exclude: [], excludeLabels: { class: ["cat", "bird"] } };
    await expect(calibrateThreshold(own, [own2])).rejects.toThrow(InvalidArgumentError);
  });

  it("leaves out what a clip excludes also where its own class is left out", async () => {
    await using own = await makeCircle([
      ["c", 0.95, "cat"],
      ["d", 0.9, "dog"],
      ["b", 0.1, "bird"],
    ]);
    const clip = { features: EAST, label: "cat", excludeLabels: { class: "dog" } };
    const { threshold } = await calibrateThreshold(own, [clip]);
    // Between cat and bird: the dog is not looked at in either search.
    expect(threshold).toBeCloseTo((0.95 + 0.1) / 2, 5);
  });

  it("counts what a recognition would count: patterns that have the label", async () => {
    await using own = await makeCircle([
      ["nobody", 0.99, undefined],
      ["c", 0.8, "cat"],
      ["d", 0.2, "dog"],
    ]);
    const found = await calibrateThreshold(own, [{ features: EAST, label: "cat" }]);
    expect(found).toMatchObject({ sensitivity: 1, specificity: 1 });
    expect(found.threshold).toBeCloseTo(0.5, 5);
  });
});
