import { existsSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from "vitest";
import type { Progress } from "../../bridge/call-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import { CapabilityError, ClosedError, InvalidArgumentError } from "../../errors.ts";
import { GAMAService } from "../../models/gama-service.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import type { Features, ModelService, ProcessedAudio } from "../../models/model-service.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { fakePython, isAlive } from "../bridge/fake-python.ts";

const RATE = 16_000;
const tone = Float32Array.from({ length: 2 * RATE }, (_, index) => Math.sin(index / 10) / 2);
const clip = { samples: tone, sampleRate: RATE };
const weights = join(import.meta.dirname, "..", "..", "..", "python", "weights");
const hasWeights = (name: string): boolean => existsSync(join(weights, name, "model.safetensors"));

// Keeps the shared process alive between tests: importing torch takes seconds.
const keeper = new MelStatisticsService();
afterAll(() => keeper.shutdown());

const bitsOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

describe("a service", () => {
  it("loads by itself, and its results carry the envelope", async () => {
    await using service = new MelStatisticsService();
    const features = await service.extractFeatures(clip);
    expect(features).toMatchObject({
      modelId: "fbank",
      revision: "1",
      device: "cpu",
      dtype: "float32",
      secondsHeard: [2],
      secondsGiven: [2],
      pooling: "mean",
      layer: "fbank",
      failures: [],
      shape: [features.data.length],
    });
    expect(features.data.every(Number.isFinite)).toBe(true);
    expect(features.processingTime).toBeGreaterThan(0);
    expect(features.memoryUsage.peakMemory).toBeGreaterThan(0);
    expect(features.memoryUsage.phases.map(({ phase }) => phase)).toContain("encode");
  });

  it("gives each clip of a batch what it gives it alone; a broken one is NaN and listed", async () => {
    await using service = new MelStatisticsService({ kind: "mfcc-20" });
    const quiet = { samples: tone.subarray(0, RATE).map((x) => x / 8), sampleRate: RATE };
    const batch = await service.extractFeatures([clip, "/no/such/file.wav", quiet]);
    const [rows = 0, width = 0] = batch.shape;
    expect([rows, width]).toEqual([3, 40]);
    expect(batch.data.subarray(0, width)).toEqual((await service.extractFeatures(clip)).data);
    expect(batch.data.subarray(width, 2 * width).every(Number.isNaN)).toBe(true);
    expect(batch.data.subarray(2 * width)).toEqual((await service.extractFeatures(quiet)).data);
    expect(batch.failures).toMatchObject([{ index: 1, code: "audio_not_found" }]);
  });

  it("streams what it gives at once, for clips of any kind", async () => {
    await using service = new MelStatisticsService({ kind: "mfcc-20" });
    const clips = [clip, "/no/such/file.wav", { ...clip, samples: tone.subarray(0, RATE) }];
    const { data: _, shape, ...whole } = await service.extractFeatures(clips);
    const stream = service.streamFeatures(clips, { batchSize: 1 });
    const rows = new Map<number, Float32Array>();
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) {
      expect(next.value.shape).toEqual([1, shape[1]]);
      for (const index of next.value.indices) rows.set(index, next.value.data);
    }
    expect([...rows.keys()].sort()).toEqual([0, 2]);
    expect(rows.get(0)).toEqual((await service.extractFeatures(clip)).data);
    const { failures, layer, modelId } = whole;
    expect(next.value).toMatchObject({ failures, layer, modelId });
    // A loop that is left costs nothing but what was on its way.
    for await (const __ of service.streamFeatures(clips)) break;
    await expect.poll(() => service.bridge.stats().abandoned).toBe(0);
  });

  it("keeps none of a stream's samples once they are sent", async () => {
    await using service = new MelStatisticsService();
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    let isFree = false;
    const registry = new FinalizationRegistry<string>(() => {
      isFree = true;
    });
    const begin = (): AsyncGenerator<unknown, unknown, void> => {
      const samples = tone.slice();
      registry.register(samples.buffer, "samples");
      const clips = Array.from({ length: 20 }, () => ({ ...clip, samples }));
      return service.streamFeatures(clips, { batchSize: 1, window: 1 });
    };
    const stream = begin();
    await stream.next();
    for (let tries = 0; !isFree && tries < 500; tries++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(isFree).toBe(true);
    await stream.return(undefined);
  });

  it("names the whole time limit of a stream, also where loading took a part of it", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`
        ready();
        onRequest(({ id, operation, data }) => {
          if (operation === "extract_features") return;
          if (operation === "cancel") {
            send({ id: data.id, error: { code: "cancelled", message: "", type: "" } });
          } else if (operation === "load_model") {
            setTimeout(() => send({ id, result: { model: { model_id: "fbank" } } }), 50);
          } else send({ id, result: {} });
        });`),
    });
    await using service = new MelStatisticsService({ bridge });
    await bridge.initialize();
    const stream = service.streamFeatures([clip], { timeoutMs: 2000 });
    await expect(stream.next()).rejects.toMatchObject({
      message: "`extract_features` took longer than 2000 ms",
      timeoutMs: 2000,
    });
  });

  it("gives the same where no memory is shared, also into an array of the caller's", async () => {
    await using bridge = new GAMABridge({ plane: "json" });
    await using apart = new MelStatisticsService({ bridge });
    await using service = new MelStatisticsService();
    const clips = [clip, "/no/such/file.wav"];
    const { data, shape } = await service.extractFeatures(clips);
    const out = new Float32Array(data.length);
    const features = await apart.extractFeatures(clips, { out });
    expect(features).toMatchObject({ data, shape });
    expect(features.data.buffer).toBe(out.buffer);
    expect(bitsOf(features.data)).toEqual(bitsOf(data));
    for await (const part of apart.streamFeatures(clips)) {
      expect(part).toMatchObject({ data: data.subarray(0, shape[1]), shape: [1, shape[1]] });
    }
  });

  it("writes features where they are wanted", async () => {
    await using service = new MelStatisticsService();
    const expected = await service.extractFeatures(clip);
    const out = new Float32Array(1000);
    const { data } = await service.extractFeatures(clip, { out });
    expect(data.buffer).toBe(out.buffer);
    expect(data).toEqual(expected.data);
  });

  it("works what is in the background behind what someone waits for", async () => {
    await using bridge = new GAMABridge({ queue: { maxInFlight: 1 } });
    await using service = new MelStatisticsService({ bridge });
    await service.initialize();
    const order: string[] = [];
    const embed = async (priority: "user" | "background"): Promise<void> => {
      await service.extractFeatures(clip, { priority });
      order.push(priority);
    };
    await Promise.all([embed("background"), embed("background"), embed("user")]);
    expect(order).toEqual(["background", "user", "background"]);
  });

  it("shows how far it has come", async () => {
    await using service = new MelStatisticsService();
    const seen: Progress[] = [];
    const clips = Array.from({ length: 64 }, () => clip);
    await service.extractFeatures(clips, { onProgress: (progress) => seen.push(progress) });
    const encoding = seen.filter(({ stage }) => stage === "encode");
    expect(encoding.length).toBeGreaterThan(0);
    expect(encoding.at(-1)).toMatchObject({ done: 64, total: 64 });
  });

  it("tells its facts and those of the process", async () => {
    await using service = new MelStatisticsService();
    const info = await service.initialize();
    expect(info).toMatchObject({ modelId: "fbank", sampleRate: RATE, capabilities: ["embed"] });
    expect(service.info).toEqual(info);
    const status = await service.status();
    expect(status).toMatchObject({ isLoaded: true, model: info, pid: service.bridge.pid });
    expect(status.versions["python"]).toMatch(/^3\./);
  });

  it("that cannot describe says so with a CapabilityError", async () => {
    await using service = new MelStatisticsService();
    const call = service.processAudio(clip);
    await expect(call).rejects.toThrow(CapabilityError);
    await expect(call).rejects.toMatchObject({ code: "not_capable" });
  });

  it("refuses an empty batch and a layer that is not there", async () => {
    await using service = new MelStatisticsService();
    await expect(service.extractFeatures([])).rejects.toThrow(InvalidArgumentError);
    const call = service.extractFeatures(clip, { layer: "no-such-layer" });
    await expect(call).rejects.toMatchObject({ code: "invalid_request" });
  });

  it("takes loading out of the call's own time", async () => {
    await using bridge = new GAMABridge();
    const service = new MelStatisticsService({ bridge });
    const call = service.extractFeatures(clip, { timeoutMs: 1 });
    await expect(call).rejects.toMatchObject({ code: "timeout" });
  });
});

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

describe("two services", () => {
  it("share one process, which ends with the last of them", async () => {
    const second = new MelStatisticsService({ kind: "mfcc-20" });
    await Promise.all([keeper.initialize(), second.initialize()]);
    const { pid = 0 } = keeper.bridge;
    expect(second.bridge.pid).toBe(pid);
    expect(sharedBridge()).toBe(keeper.bridge);
    await keeper.shutdown();
    await expect(keeper.extractFeatures(clip)).rejects.toThrow(ClosedError);
    expect((await second.extractFeatures(clip)).modelId).toBe("mfcc-20");
    await second.shutdown();
    expect(isAlive(pid)).toBe(false);
    await using third = new MelStatisticsService();
    expect((await third.extractFeatures(clip)).modelId).toBe("fbank");
  });

  it("of one model: the first to leave does not unload it under the other", async () => {
    await using bridge = new GAMABridge();
    const first = new MelStatisticsService({ bridge });
    const second = new MelStatisticsService({ bridge });
    await Promise.all([first.initialize(), second.initialize()]);
    await first.shutdown();
    expect((await second.status()).isLoaded).toBe(true);
    await second.shutdown();
    expect((await bridge.executeOperation("status", {})).models).toEqual([]);
  });
});

describe("shutdown", () => {
  it("while the model loads ends the load, and the model does not stay behind", async () => {
    await using bridge = new GAMABridge();
    const service = new MelStatisticsService({ bridge });
    const loading = expect(service.initialize()).rejects.toThrow(ClosedError);
    await service.shutdown();
    await loading;
    expect((await bridge.executeOperation("status", {})).models).toEqual([]);
  });

  it("is done when the process dies meanwhile: the model went with it", async () => {
    await using bridge = new GAMABridge();
    const service = new MelStatisticsService({ bridge });
    await service.initialize();
    process.kill(bridge.pid ?? 0, "SIGKILL");
    await service.shutdown();
    await expect(service.initialize()).rejects.toThrow(ClosedError);
  });
});

describe("one model in two forms", () => {
  it("is loaded again for the service whose turn it is, and not otherwise", async () => {
    await using bridge = new GAMABridge();
    const plain = new Wav2Vec2Service({ bridge, model: "fbank" });
    const twin = new Wav2Vec2Service({ bridge, model: "fbank", seed: 1 });
    const loads = vi.spyOn(bridge, "executeOperation");
    for (const service of [plain, plain, twin, twin, plain]) await service.extractFeatures(clip);
    const operations = loads.mock.calls.map(([operation]) => operation);
    expect(operations.filter((operation) => operation === "load_model")).toHaveLength(3);
  });
});

describe("samples", () => {
  it("are read when the call is made, also when the model must be loaded first", async () => {
    await using bridge = new GAMABridge();
    const service = new MelStatisticsService({ bridge });
    const samples = tone.slice();
    const call = service.extractFeatures({ samples, sampleRate: RATE });
    samples.fill(Number.NaN);
    const later = service.extractFeatures(clip);
    expect((await call).data).toEqual((await later).data);
  });
});

describe("kill -9", () => {
  it("is survived: the next call loads the model into the new process", async () => {
    await using bridge = new GAMABridge();
    const service = new MelStatisticsService({ bridge });
    const before = await service.extractFeatures(clip);
    process.kill(bridge.pid ?? 0, "SIGKILL");
    await expect.poll(() => bridge.pid).toBeUndefined();
    expect((await service.status()).isLoaded).toBe(false);
    expect((await service.extractFeatures(clip)).data).toEqual(before.data);
    expect((await service.status()).isLoaded).toBe(true);
    expect(bridge.stats().starts).toBe(2);
  });
});

describe("types", () => {
  it("are the same for every service", () => {
    expectTypeOf<GAMAService>().toExtend<ModelService>();
    expectTypeOf<Wav2Vec2Service>().toExtend<ModelService>();
    expectTypeOf<MelStatisticsService>().toExtend<ModelService>();
    expectTypeOf<Features["data"]>().toEqualTypeOf<Float32Array>();
    expectTypeOf<{ kind: "mfcc-13" }>().not.toExtend<
      NonNullable<ConstructorParameters<typeof MelStatisticsService>[0]>
    >();
  });
});
