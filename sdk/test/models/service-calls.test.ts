/** What a service gives and takes, and whom it shares its process with. */
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Progress } from "../../bridge/call-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import { CapabilityError, ClosedError, InvalidArgumentError } from "../../errors.ts";
import type { Features } from "../../models/feature-types.ts";
import type { GAMAService } from "../../models/gama-service.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import type { ModelService } from "../../models/model-service.ts";
import type { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { isAlive } from "../bridge/fake-python.ts";
import { clip, keepSharedProcess, RATE, tone } from "./services.ts";

const keeper = keepSharedProcess();

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
