/** The models that the repository ships, behind the same verbs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CapabilityError } from "../../errors.ts";
import type { ProcessedAudio } from "../../models/answer-types.ts";
import { GAMAService } from "../../models/gama-service.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { clip, keepSharedProcess, RATE, tone } from "./services.ts";

keepSharedProcess();
const weights = join(import.meta.dirname, "..", "..", "..", "python", "weights");
const hasWeights = (name: string): boolean => existsSync(join(weights, name, "model.safetensors"));

describe.skipIf(!hasWeights("wav2vec2-tiny"))("wav2vec2-tiny (skipped without its weights)", () => {
  let service: Wav2Vec2Service;
  let random: Wav2Vec2Service;
  beforeAll(() => {
    service = new Wav2Vec2Service();
    random = new Wav2Vec2Service({ weights: "random", seed: 3 });
  });
  afterAll(async () => {
    await service.shutdown();
    await random.shutdown();
  });

  it("gives features of every layer, pooled and as frames", async () => {
    const stages = new Set<string>();
    const { layers, embeddingDim } = await service.initialize({
      onProgress: ({ stage }) => stages.add(stage),
    });
    expect([...stages].every((stage) => ["import", "read", "build"].includes(stage))).toBe(true);
    expect(stages.size).toBeGreaterThan(0);
    for (const layer of layers) {
      const { data, shape } = await service.extractFeatures(clip, { layer });
      expect(shape).toEqual([data.length]);
      expect(data.every(Number.isFinite)).toBe(true);
    }
    const frames = await service.extractFeatures(clip, { pooling: "none" });
    expect(frames.shape).toHaveLength(2);
    expect(frames.shape[1]).toBe(embeddingDim);
  });

  it("cannot describe", async () => {
    await expect(service.processAudio(clip)).rejects.toThrow(CapabilityError);
  });

  it("has a twin with random weights, which hears otherwise", async () => {
    const trained = await service.extractFeatures(clip);
    const untrained = await random.extractFeatures(clip);
    expect(untrained.modelId).toBe("wav2vec2-tiny@random-3");
    expect(untrained.data).not.toEqual(trained.data);
    expect(untrained.data).toEqual((await random.extractFeatures(clip)).data);
  });
});

describe.skipIf(!hasWeights("gama-tiny"))("gama-tiny (skipped without its weights)", () => {
  let service: GAMAService;
  beforeAll(() => {
    service = new GAMAService();
  });
  afterAll(() => service.shutdown());

  it("answers, and gives the same answer twice", async () => {
    const ask = (): Promise<ProcessedAudio> =>
      service.processAudio(clip, { prompt: "What is heard?", maxNewTokens: 12 });
    const first = await ask();
    expect(first).toMatchObject({
      modelId: "gama-tiny",
      prompt: "What is heard?",
      secondsGiven: 2,
    });
    expect(["end", "length"]).toContain(first.stopReason);
    expect(first.tokens).toBeLessThanOrEqual(12);
    expect((await ask()).text).toBe(first.text);
  });

  it("gives features of one length for clips of any length", async () => {
    const batch = await service.extractFeatures([
      clip,
      { samples: tone.subarray(0, RATE), sampleRate: RATE },
    ]);
    expect(batch.shape).toEqual([2, (await service.initialize()).embeddingDim]);
  });
});
