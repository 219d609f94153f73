/** The embedding rule from the SDK: asked for, followed, recorded, and refused with what is allowed. */
import { describe, expect, it } from "vitest";
import { padFrames } from "../../compare/pad-frames.ts";
import { probe } from "../../compare/probe.ts";
import { embed } from "../../embed.ts";
import { InvalidArgumentError, OperationFailedError } from "../../errors.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { clip, keepSharedProcess, RATE } from "../models/services.ts";

keepSharedProcess();

/** A tone of so many seconds. */
const tone = (seconds: number, pitch: number): { samples: Float32Array; sampleRate: number } => ({
  samples: Float32Array.from({ length: seconds * RATE }, (_, index) => Math.sin(index * pitch) / 2),
  sampleRate: RATE,
});

describe("features by a rule", () => {
  it("says by which rule they were made", async () => {
    await using service = new Wav2Vec2Service();
    const { layers } = await service.initialize();
    const all = await service.extractFeatures(clip, { layer: "all", l2: true });
    expect(all).toMatchObject({ layer: "all", layers, pooling: "mean", l2: true });
    expect(all).toMatchObject({ longAudio: "truncate", windowSeconds: null, hopSeconds: null });
    const last = await service.extractFeatures(clip, { layer: -1, l2: true });
    expect(last.layers).toEqual([layers.at(-1)]);
    const width = last.shape[0] ?? 0;
    expect(all.shape).toEqual([layers.length, width]);
    for (const [index, value] of last.data.entries()) {
      expect(all.data[(layers.length - 1) * width + index]).toBeCloseTo(value, 4);
    }
    expect(Math.hypot(...last.data)).toBeCloseTo(1, 5);
    const outside = service.extractFeatures(clip, { layer: 99 });
    await expect(outside).rejects.toThrow(`from 0 to ${layers.length - 1}`);
    await expect(outside).rejects.toThrow(OperationFailedError);
  });

  it("has a row of a table for each window of each clip, and one for a clip that failed", async () => {
    await using service = new Wav2Vec2Service();
    const rule = { longAudio: "windows", windowSeconds: 1, hopSeconds: 0.5, l2: true } as const;
    const table = await embed(service, [tone(2, 0.1), "/no/such/file.wav", tone(1, 0.3)], rule);
    expect(table.column("start")).toEqual([0, 0.5, 1, null, 0]);
    expect(table.column("end")).toEqual([1, 1.5, 2, null, 1]);
    expect(table.failures).toMatchObject([{ index: 3, code: "audio_not_found" }]);
    expect(table.facts).toMatchObject({ windowSeconds: 1, hopSeconds: 0.5, l2: true });
    expect(String(table)).toContain("5 windows");
    expect(String(table)).toContain("1 s every 0.5 s, length 1, 1 failed");
    const { samples } = tone(2, 0.1);
    const part = { samples: samples.slice(RATE / 2, (3 * RATE) / 2), sampleRate: RATE };
    const alone = await service.extractFeatures(part, { l2: true });
    for (const [index, value] of alone.data.entries()) {
      expect(table.row(1)[index]).toBeCloseTo(value, 4);
    }
  });

  it("feeds probes that learn weights of layers, or attention over frames", async () => {
    await using service = new Wav2Vec2Service();
    const pitches = [0.1, 0.4];
    const clips = Array.from({ length: 8 }, (_, n) => tone(1 + (n % 3) / 4, pitches[n % 2] ?? 0));
    const labels = clips.map((_, n) => (n % 2 === 0 ? "low" : "high"));
    const groups = clips.map((_, n) => `source ${Math.floor(n / 2)}`);
    const table = await embed(service, clips, { layer: "all" });
    const { features, layerShape: shape } = table;
    const byLayers = await probe({ features, shape, labels, groups, kind: "layers", folds: 2 });
    expect(byLayers.accuracy).toBe(1);
    expect(byLayers.layerWeights?.map((weights) => weights.length)).toEqual([shape[1], shape[1]]);
    const frames = [];
    for (const one of clips) {
      frames.push(await service.extractFeatures(one, { layer: 1, pooling: "none" }));
    }
    const padded = padFrames(frames);
    const byFrames = await probe({ ...padded, labels, groups, kind: "attention", folds: 2 });
    expect(byFrames.accuracy).toBe(1);
    expect(byFrames.layerWeights).toBeNull();
    const flat = probe({ features, shape: table.shape, labels, groups, kind: "layers" });
    await expect(flat).rejects.toThrow("Expected features of shape [clips, layers, features]");
  });
});

it("frames of other widths, and no frames, are refused", () => {
  const one = { data: new Float32Array(6), shape: [2, 3] };
  expect(padFrames([one, undefined]).shape).toEqual([2, 2, 3]);
  expect(padFrames([one, undefined]).features[11]).toBeNaN();
  expect(() => padFrames([one, { ...one, shape: [3, 2] }])).toThrow(InvalidArgumentError);
  expect(() => padFrames([])).toThrow(InvalidArgumentError);
});
