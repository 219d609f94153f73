/** Services that come and go in one process, and what they lose with it. */
import { afterAll, describe, expect, it, vi } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { ClosedError } from "../../errors.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { clip, RATE, tone } from "./services.ts";

// One for the tests of this file, since importing torch takes seconds; each leaves it without a model.
const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

describe("two services", () => {
  it("of one model: the first to leave does not unload it under the other", async () => {
    const first = new MelStatisticsService({ bridge });
    const second = new MelStatisticsService({ bridge });
    await Promise.all([first.initialize(), second.initialize()]);
    await first.shutdown();
    expect((await second.status()).isLoaded).toBe(true);
    await second.shutdown();
    expect((await bridge.executeOperation("status", {})).models).toEqual([]);
  });

  it("of one model tell the same of its loading, though one of them found it there", async () => {
    await using first = new MelStatisticsService({ bridge });
    await using second = new MelStatisticsService({ bridge });
    await first.initialize();
    await second.initialize();
    expect(first.loading?.processingTime).toBeGreaterThan(0);
    expect(second.loading).toEqual(first.loading);
  });
});

describe("one model in two forms", () => {
  it("is loaded again for the service whose turn it is, and not otherwise", async () => {
    await using plain = new Wav2Vec2Service({ bridge, model: "fbank" });
    await using twin = new Wav2Vec2Service({ bridge, model: "fbank", seed: 1 });
    using loads = vi.spyOn(bridge, "executeOperation");
    for (const service of [plain, plain, twin, twin, plain]) await service.extractFeatures(clip);
    const operations = loads.mock.calls.map(([operation]) => operation);
    expect(operations.filter((operation) => operation === "load_model")).toHaveLength(3);
  });
});

describe("samples", () => {
  it("are read when the call is made, also when the model must be loaded first", async () => {
    await using service = new MelStatisticsService({ bridge });
    const samples = tone.slice();
    const call = service.extractFeatures({ samples, sampleRate: RATE });
    samples.fill(Number.NaN);
    const later = service.extractFeatures(clip);
    expect((await call).data).toEqual((await later).data);
  });
});

describe("kill -9", () => {
  it("is survived: the next call loads the model into the new process", async () => {
    await using service = new MelStatisticsService({ bridge });
    const before = await service.extractFeatures(clip);
    const { starts } = bridge.stats();
    process.kill(bridge.pid ?? 0, "SIGKILL");
    await expect.poll(() => bridge.pid).toBeUndefined();
    expect((await service.status()).isLoaded).toBe(false);
    expect((await service.extractFeatures(clip)).data).toEqual(before.data);
    expect((await service.status()).isLoaded).toBe(true);
    expect(bridge.stats().starts).toBe(starts + 1);
  });
});

describe("shutdown", () => {
  it("while the model loads ends the load, and the model does not stay behind", async () => {
    await using cold = new GAMABridge(); // where loading takes a while
    const service = new MelStatisticsService({ bridge: cold });
    const loading = expect(service.initialize()).rejects.toThrow(ClosedError);
    await service.shutdown();
    await loading;
    expect((await cold.executeOperation("status", {})).models).toEqual([]);
  });

  it("is done when the process dies meanwhile: the model went with it", async () => {
    const service = new MelStatisticsService({ bridge });
    await service.initialize();
    process.kill(bridge.pid ?? 0, "SIGKILL");
    await service.shutdown();
    await expect(service.initialize()).rejects.toThrow(ClosedError);
  });
});
