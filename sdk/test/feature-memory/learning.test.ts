import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AudioClip } from "../../audio/audio-clip.ts";
import { embed } from "../../embed.ts";
import { ClosedError, InvalidArgumentError, OperationFailedError } from "../../errors.ts";
import {
  type LearningModel,
  PatternLearningSystem,
  PatternStorage,
  toPatterns,
} from "../../feature-memory/index.ts";
import { GAMAService } from "../../models/gama-service.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import { makeFolder } from "./make-pattern.ts";

const RATE = 16_000;

function tone(hertz: number, seconds: number): AudioClip {
  const samples = Float32Array.from({ length: RATE * seconds }, (_, at) =>
    Math.sin((at * hertz * 2 * Math.PI) / RATE),
  );
  return AudioClip.fromSamples(samples, RATE);
}

const folder = makeFolder();
let learning: PatternLearningSystem;

beforeAll(() => {
  learning = new PatternLearningSystem({ folder });
});
afterAll(() => learning.close());

describe("PatternLearningSystem", () => {
  it.each(["gama", "wav2vec2"] as const)(
    "learns a sound with %s, and knows it again",
    async (model) => {
      const path = join(folder, `${model}.wav`);
      writeFileSync(path, tone(440, 1).wav());
      const id = await learning.learnFromAudio(path, model, { labels: { class: "tone" } });
      const storage = await learning.storage(model);
      const pattern = await storage.retrieve(id);
      expect(pattern).toMatchObject({
        id,
        model: { modelId: storage.model.modelId, revision: storage.model.revision },
        labels: { class: "tone" },
        metadata: {
          source: path,
          confidence: 1,
          frequency: 1,
          audioProperties: { duration: 1, sampleRate: RATE, channels: 1 },
        },
      });
      expect(pattern.features).toHaveLength(storage.model.dimension);
      const again = await learning.learnFromAudio(path, model, {
        labels: { class: "a" },
        source: "me",
      });
      expect(again).toBe(id);
      expect(await storage.count()).toBe(1);
      expect(await storage.retrieve(id)).toMatchObject({
        labels: { class: "a" },
        metadata: { source: "me" },
      });
    },
  );

  it("keeps what one model learns away from the other", async () => {
    const clip = tone(220, 0.5);
    const ids = await Promise.all([
      learning.learnFromAudio(clip, "gama"),
      learning.learnFromAudio(clip, "wav2vec2"),
    ]);
    expect(new Set(ids).size).toBe(2);
    const [gama, wav2vec2] = await Promise.all([
      learning.storage("gama"),
      learning.storage("wav2vec2"),
    ]);
    expect([await gama.has(ids[0]), await gama.has(ids[1])]).toEqual([true, false]);
    expect([await wav2vec2.has(ids[0]), await wav2vec2.has(ids[1])]).toEqual([false, true]);
    expect((await gama.retrieve(ids[0])).metadata.source).toBe("samples");
  });

  it("is as sure as the share of the clip that the model heard", async () => {
    await using service = new GAMAService();
    const { windowSeconds } = await service.initialize();
    const id = await learning.learnFromAudio(tone(330, 16), "gama");
    const { metadata } = await (await learning.storage("gama")).retrieve(id);
    expect(windowSeconds).toBeLessThan(16);
    expect(metadata.audioProperties.duration).toBeCloseTo(16, 3);
    expect(metadata.confidence).toBeCloseTo((windowSeconds ?? 16) / 16, 6);
  });

  it("gives another id to other samples, another rate and another part of a file", async () => {
    const path = join(folder, "long.wav");
    writeFileSync(path, tone(500, 2).wav());
    const samples = Float32Array.from({ length: 8_000 }, (_, at) => Math.sin(at / 7));
    const sounds = [
      path,
      AudioClip.fromFile(path, { duration: 1 }),
      AudioClip.fromFile(path, { offset: 1, duration: 1 }),
      { samples, sampleRate: 8_000 },
      { samples, sampleRate: 16_000 },
      Array.from(samples),
    ];
    const ids: string[] = [];
    for (const sound of sounds) ids.push(await learning.learnFromAudio(sound, "wav2vec2"));
    expect(new Set(ids).size).toBe(sounds.length);
  });

  it("refuses what is no sound and no model, and stores nothing of it", async () => {
    const storage = await learning.storage("wav2vec2");
    const before = await storage.count();
    const missing = learning.learnFromAudio("/no/such.wav", "wav2vec2");
    await expect(missing).rejects.toThrow(OperationFailedError);
    const unknown = learning.learnFromAudio(tone(1, 1), "other" as LearningModel);
    await expect(unknown).rejects.toThrow(InvalidArgumentError);
    const aborted = learning.learnFromAudio(tone(1, 1), "wav2vec2", {
      signal: AbortSignal.abort(),
    });
    await expect(aborted).rejects.toThrow("aborted");
    expect(await storage.count()).toBe(before);
  });

  it("does nothing after it was closed", async () => {
    const closed = new PatternLearningSystem({ folder });
    await closed.close();
    await expect(closed.learnFromAudio(tone(1, 1), "gama")).rejects.toThrow(ClosedError);
  });
});

describe("toPatterns", () => {
  it("makes a pattern of each clip that was embedded, and none of those that failed", async () => {
    await using service = new MelStatisticsService();
    const rows = [
      { id: "a", path: "a.wav", labels: { class: "tone", pitch: 440 }, clusterId: "me" },
      { id: "b", path: "b.wav", labels: { class: "tone" } },
      { id: "c", path: "none.wav", labels: { class: "silence" } },
    ];
    writeFileSync(join(folder, "a.wav"), tone(440, 1).wav());
    writeFileSync(join(folder, "b.wav"), tone(220, 0.5).wav());
    const table = await embed(service, { folder, rows });
    const patterns = toPatterns(table, { labels: ["class", "pitch"] });
    expect(patterns.map(({ id, labels, metadata }) => [id, labels, metadata.source])).toEqual([
      ["a", { class: "tone", pitch: "440" }, "me"],
      ["b", { class: "tone" }, "b"],
    ]);
    expect(patterns[1]?.metadata.audioProperties).toEqual({
      duration: 0.5,
      sampleRate: RATE,
      channels: 1,
    });
    expect(patterns[0]?.features).toEqual(table.row(0));
    const byPath = toPatterns(table, { source: "path" });
    expect(byPath[0]).toMatchObject({ labels: {}, metadata: { source: join(folder, "a.wav") } });
    expect(() => toPatterns(table, { labels: ["none"] })).toThrow(InvalidArgumentError);
    const { modelId, revision, layer, pooling } = table.facts;
    const model = { modelId, revision, layer, pooling, dimension: table.shape[1] };
    await using storage = new PatternStorage({ folder, model });
    await storage.storeMany(patterns);
    expect(await storage.retrieve("a")).toMatchObject({ id: "a", labels: { pitch: "440" } });
  });
});

describe("grym-synth/patterns", () => {
  it("is a door of the package, and opens no connection", async () => {
    const script = `
      import { readdirSync, readFileSync, readlinkSync } from "node:fs";
      import { PatternStorage } from "grym-synth/patterns";
      const model = { modelId: "m", revision: "r", layer: "l", pooling: "mean", dimension: 2 };
      await using storage = new PatternStorage({ folder: ${JSON.stringify(join(folder, "door"))}, model });
      const metadata = { timestamp: new Date(), source: "", confidence: 1, frequency: 1,
        lastAccessed: new Date(), audioProperties: { duration: 1, sampleRate: 1, channels: 1 } };
      await storage.store({ id: "a", features: new Float32Array([1, 2]), model, metadata });
      const [{ id }] = await storage.findSimilar(new Float32Array([2, 4]), 1);
      const open = readdirSync("/proc/self/fd").filter((fd) => Number(fd) > 2).map((fd) => {
        try { return readlinkSync("/proc/self/fd/" + fd); } catch { return ""; }
      });
      // Its threads wake each other through a socket pair; one of the network is listed here.
      const network = ["tcp", "tcp6", "udp", "udp6"].map((kind) => {
        try { return readFileSync("/proc/self/net/" + kind, "utf8"); } catch { return ""; }
      }).join("");
      const inodes = open.flatMap((it) => /^socket:.(\\d+)/.exec(it)?.[1] ?? []);
      const connections = inodes.filter((inode) => network.includes(" " + inode + " "));
      console.log(JSON.stringify([id, connections]));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--no-warnings", "--input-type=module", "-e", script],
      { cwd: join(import.meta.dirname, "..", "..") },
    );
    expect(JSON.parse(stdout)).toEqual(["a", []]);
  });
});
