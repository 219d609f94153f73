import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ClosedError } from "../../errors.ts";
import { PatternLearningSystem, PatternStorage } from "../../feature-memory/index.ts";
import type { ModelService } from "../../models/model-service.ts";
import {
  DIMENSION,
  MODEL,
  makeFolder,
  makePattern,
  makePatterns,
  PATTERN_MODEL,
  seededNumbers,
} from "./make-pattern.ts";

async function makeStorage(maxScanBytes?: number): Promise<PatternStorage> {
  const storage = new PatternStorage({ folder: makeFolder(), model: MODEL, maxScanBytes });
  await storage.storeMany(makePatterns("p", 500).map((it) => ({ ...it, labels: { c: "1" } })));
  return storage;
}

describe("close", () => {
  it.each([undefined, 0])(
    "lets every read that was asked for before come to its end (scan of %s bytes)",
    async (maxScanBytes) => {
      const where = { labels: { c: "1" } };
      for (let turns = 0; turns < 3; turns += 1) {
        const storage = await makeStorage(maxScanBytes);
        const query = makePattern("p7");
        const reads = Promise.all([
          storage.findSimilar(query, 5),
          storage.findSimilarIds(query, { where }),
          storage.find(where, 3),
          storage.find(),
          storage.count(),
          storage.retrieve("p1"),
          storage.has("p2"),
          storage.getStatistics(),
        ]);
        for (let turn = 0; turn < turns; turn += 1) {
          await new Promise((resolve) => setImmediate(resolve));
        }
        await storage.close();
        const [similar, ids, three, all, count, one, has, statistics] = await reads;
        expect([similar.length, ids.length, three.length, all.length]).toEqual([5, 10, 3, 500]);
        expect([count, one.id, has, statistics.totalPatterns]).toEqual([500, "p1", true, 500]);
        await expect(storage.count()).rejects.toThrow(ClosedError);
      }
    },
  );

  it("waits for a read that the caller has returned, not awaited", async () => {
    const { folder } = await makeStorage();
    const count = async (): Promise<number> => {
      await using storage = new PatternStorage({ folder, model: MODEL });
      return storage.count();
    };
    expect(await count()).toBe(500);
  });

  it("lets a storing of many thousands come to its end, too", async () => {
    const folder = makeFolder();
    const storage = new PatternStorage({ folder, model: MODEL });
    await Promise.all([storage.storeMany(makePatterns("p", 2_500)), storage.close()]);
    await using again = new PatternStorage({ folder, model: MODEL });
    expect(await again.count()).toBe(2_500);
    expect((await again.retrieve("p2499")).model).toEqual(PATTERN_MODEL);
  });
});

describe("closing a learning system", () => {
  /** A model of the caller's that takes its time. */
  function makeSlowService(extracting: () => Promise<void>): ModelService {
    const { modelId, revision, layer, pooling } = PATTERN_MODEL;
    const features = { modelId, revision, layer, pooling, data: seededNumbers("f", DIMENSION) };
    return {
      initialize: async () => ({ sampleRate: 8_000, modelId, revision, defaultLayer: layer }),
      extractFeatures: async () => {
        await extracting();
        return { ...features, secondsGiven: [1], secondsHeard: [1] };
      },
    } as unknown as ModelService;
  }

  it("waits for what is being learnt, of which nothing is stored afterwards", async () => {
    const folder = makeFolder();
    const extracted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const service = makeSlowService(async () => {
      begun.resolve();
      await extracted.promise;
    });
    const learning = new PatternLearningSystem({ folder, services: { gama: service } });
    const samples = seededNumbers("sound", 800);
    const learnt = learning.learnFromAudio({ samples, sampleRate: 8_000 }, "gama");
    const outcome = learnt.catch((error: unknown) => error);
    await begun.promise;
    let isClosed = false;
    const closed = learning.close().then(() => {
      isClosed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isClosed).toBe(false);
    extracted.resolve();
    await closed;
    expect(await outcome).toBeInstanceOf(ClosedError);
    expect(readdirSync(folder)).toEqual([]);
    await expect(learning.storage("gama")).rejects.toThrow(ClosedError);
  });
});
