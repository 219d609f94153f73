import { describe, expect, it } from "vitest";
import { PatternStorage } from "../../feature-memory/index.ts";
import { DIMENSION, MODEL, makeFolder, makePattern, seededNumbers } from "./make-pattern.ts";

const WAYS = [
  ["in memory", undefined],
  ["on disk", 0],
] as const;
const VECTORS = Array.from({ length: 40 }, (_, at) => seededNumbers(`v${at}`, DIMENSION));

/** One pattern for each vector, its id the vector's place. */
async function makeStorage(maxScanBytes: number | undefined): Promise<PatternStorage> {
  const storage = new PatternStorage({ folder: makeFolder(), model: MODEL, maxScanBytes });
  await storage.storeMany(VECTORS.map((features, at) => makePattern(String(at), { features })));
  return storage;
}

describe.each(WAYS)("similarity %s", (_, maxScanBytes) => {
  it("finds the opposite of every vector, last, and at -1", async () => {
    await using storage = await makeStorage(maxScanBytes);
    for (const [at, vector] of VECTORS.entries()) {
      const hits = await storage.findSimilarIds(
        vector.map((value) => -value),
        { limit: VECTORS.length },
      );
      expect(hits).toHaveLength(VECTORS.length);
      expect(hits.at(-1)?.id).toBe(String(at));
      expect(hits.at(-1)?.similarity).toBeCloseTo(-1, 6);
    }
  });

  it("finds an identical vector at a lowest similarity of 1, and no other", async () => {
    await using storage = await makeStorage(maxScanBytes);
    for (const [at, vector] of VECTORS.entries()) {
      const hits = await storage.findSimilarIds(vector, { minSimilarity: 1 });
      expect(hits.map(({ id }) => id)).toEqual([String(at)]);
    }
  });

  it("is from -1 to 1, whatever float32 has rounded", async () => {
    await using storage = await makeStorage(maxScanBytes);
    for (const vector of VECTORS) {
      for (const query of [vector, vector.map((value) => -value)]) {
        for (const { similarity } of await storage.findSimilarIds(query, { limit: 40 })) {
          expect(Math.abs(similarity)).toBeLessThanOrEqual(1);
        }
      }
    }
  });

  it("does not depend on the length of a stored vector, from 1e-12 to 1e12", async () => {
    await using storage = new PatternStorage({ folder: makeFolder(), model: MODEL, maxScanBytes });
    const [vector = new Float32Array()] = VECTORS;
    const length = Math.hypot(...vector);
    for (const norm of [1.01e-12, 1, 0.99e12]) {
      const features = vector.map((value) => (value / length) * norm);
      await storage.store(makePattern(String(norm), { features }));
    }
    const hits = await storage.findSimilarIds(vector);
    expect(hits).toHaveLength(3);
    for (const { similarity } of hits) expect(similarity).toBeCloseTo(1, 5);
  });
});

describe("a vector of a length that no embedding has", () => {
  it.each([1e25, 1e13, 1e-13, 1e-25, 1e-40])("is refused: × %s", async (factor) => {
    await using storage = new PatternStorage({ folder: makeFolder(), model: MODEL });
    const [vector = new Float32Array()] = VECTORS;
    const features = vector.map((value) => value * factor);
    await expect(storage.store(makePattern("a", { features }))).rejects.toMatchObject({
      code: "pattern_invalid",
      message: expect.stringMatching(/length .* from 1e-12 to 1e\+?12/),
    });
    // As a query it does no harm: it is brought to length 1 before.
    await storage.store(makePattern("b", { features: vector }));
    expect((await storage.findSimilarIds(features))[0]?.similarity).toBeCloseTo(1, 5);
  });
});
