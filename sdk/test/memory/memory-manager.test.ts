import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { MemoryManager } from "../../memory/memory-manager.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";

const MEBIBYTE = 1024 * 1024;
const PATIENCE = 120_000;
const SECONDS = 3;
const clip = {
  samples: Float32Array.from({ length: SECONDS * 16_000 }, (_, index) => Math.sin(index ** 2) / 9),
  sampleRate: 16_000,
};

const bridge = new GAMABridge();
const service = new Wav2Vec2Service({ bridge });
const memory = new MemoryManager({ bridge, maxBatchSize: 16 });
afterAll(() => bridge.shutdown());

describe("a memory manager", { timeout: PATIENCE }, () => {
  it("watches an operation until its end", async () => {
    const handle = await memory.monitorOperation("one clip");
    await service.extractFeatures(clip);
    const report = await handle.end();
    expect(report.name).toBe("one clip");
    const phases = report.byPhase.map(({ phase }) => phase);
    expect(phases).toEqual(expect.arrayContaining(["load", "decode", "encode"]));
    const { length } = report.node.timeline.seconds;
    await expect(handle.end()).rejects.toMatchObject({ code: "closed" });
    expect(report.node.timeline.seconds).toHaveLength(length);
  });

  it("plans the largest batch within a budget from two measured runs, and the run stays within it", async () => {
    const roomy = await memory.optimizeForOperation("extractFeatures", {
      service,
      seconds: SECONDS,
    });
    expect(roomy.probes.map(({ batchSize }) => batchSize)).toEqual([1, 8]);
    expect(roomy.feasible).toBe(true);
    expect(roomy.peakSource).toBe("high_water_mark");
    expect(roomy.secondsPerClip).toBe(SECONDS); // it has no window
    expect(roomy.budgetSource).toContain("available");
    expect(roomy.assumption).toContain("batches of 1 and 8");

    // A budget that no scatter of the probes makes too small for one clip: it is larger than what a
    // batch of these takes, since wav2vec2-tiny pads nothing and hears a clip in pieces.
    const budget = Math.round((roomy.predict(6) + 32 * MEBIBYTE) * (1 + roomy.margin));
    const plan = await memory.optimizeForOperation("extractFeatures", {
      service,
      seconds: SECONDS,
      budget,
    });
    expect(plan.batchSize).toBeGreaterThanOrEqual(1);
    expect(plan.batchSize).toBeLessThanOrEqual(16);
    expect(plan.predictedPeak).toBeLessThanOrEqual(budget);
    await memory.releaseResources();
    const { memoryUsage } = await service.extractFeatures(Array(plan.batchSize * 4).fill(clip), {
      batchSize: plan.batchSize,
    });
    const outcome = plan.compare(memoryUsage);
    expect(outcome).toMatchObject({ withinBudget: true, measured: memoryUsage.peakMemory });
    expect(Math.abs(outcome.error)).toBeLessThan(0.2);
  });

  it("says what cannot be, with the smallest budget that could", async () => {
    const plan = await memory.optimizeForOperation("extractFeatures", {
      service,
      seconds: SECONDS,
      budget: 20 * MEBIBYTE,
    });
    expect(plan).toMatchObject({ feasible: false, batchSize: 0 });
    expect(plan.probes).toHaveLength(1); // nothing larger than one clip was tried
    expect(plan.smallestBudget).toBeGreaterThan(100 * MEBIBYTE);
    expect(plan.toString()).toContain("not feasible");
    const { memoryUsage } = await service.extractFeatures(clip);
    expect(() => plan.compare(memoryUsage)).toThrow("a plan that is feasible");
  });

  it("never plans more clips than there are", async () => {
    const plan = await memory.optimizeForOperation("extractFeatures", {
      service,
      seconds: SECONDS,
      clips: 2,
    });
    expect(plan.batchSize).toBe(2);
    expect(plan.probes.every(({ clips }) => clips <= 2)).toBe(true);
  });

  it("gives memory back and unloads; the service loads again when it is next used", async () => {
    const before = await service.extractFeatures(clip);
    const released = await memory.releaseResources({ models: "all" });
    expect(released.unloaded).toEqual(["wav2vec2-tiny"]);
    expect(released.released).toBe(released.before - released.after);
    expect(released.after).toBeGreaterThan(0);
    const left = released.anonymous + released.fileMapped + released.shared;
    expect(Math.abs(left - released.after)).toBeLessThan(8 * MEBIBYTE);
    expect((await service.status()).isLoaded).toBe(false);
    const again = await service.extractFeatures(clip);
    expect(again.data).toEqual(before.data);
  });

  it("starts no process only to free it", async () => {
    const idle = new GAMABridge();
    const released = await new MemoryManager({ bridge: idle }).releaseResources({ models: "all" });
    expect(released).toMatchObject({ unloaded: [], before: 0, after: 0 });
    expect(idle.stats().starts).toBe(0);
  });

  it.each([
    ["seconds", { seconds: 0 }],
    ["budget", { budget: -1 }],
    ["clips", { clips: 1.5 }],
  ])("refuses a plan whose %s is none", async (field, wrong) => {
    const options = { service, seconds: SECONDS, ...wrong };
    await expect(memory.optimizeForOperation("extractFeatures", options)).rejects.toThrow(field);
  });

  it("refuses limits that are none", () => {
    expect(() => new MemoryManager({ maxBatchSize: 0 })).toThrow("maxBatchSize");
    expect(() => new MemoryManager({ margin: Number.NaN })).toThrow("margin");
  });
});
