/** Features of many clips, as they come. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import { fakePython } from "../bridge/fake-python.ts";
import { clip, keepSharedProcess, RATE, tone } from "./services.ts";

keepSharedProcess();

const fixtures = join(import.meta.dirname, "..", "..", "..", "python", "tests", "fixtures");
/** What a process answers that has loaded a model. */
const LOADED = readFileSync(join(fixtures, "protocol", "LoadModelResult", "loaded.json"), "utf8");

describe("a service", () => {
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
            setTimeout(() => send({ id, result: ${LOADED} }), 50);
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
});
