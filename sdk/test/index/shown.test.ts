import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { table } from "arquero";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleOf, isDisplayable } from "../../display/index.ts";
import * as patterns from "../../feature-memory/index.ts";
import * as synth from "../../index.ts";

/** Every class of the SDK either shows itself, or stands here with the reason why it need not. */
const SHOWS_NOTHING: Readonly<Record<string, string>> = {
  ClusterOutcome: "made of an answer of Python: test/cluster shows it",
  EmbeddingTable: "made of features: below",
  MemoryPlan: "made of measured runs: test/memory shows it",
  MemoryReport: "made of a measured run: test/memory shows it",
  Transcript: "made of an answer of Python: below",
};

const folder = mkdtempSync(join(tmpdir(), "shown-"));
const sample = join(import.meta.dirname, "../../../datasets/samples/audio/0000-dog.flac");
const clip = synth.AudioClip.fromSamples(new Float32Array(16_000).fill(0.1), 16_000);
const bridge = new synth.GAMABridge();
const model = { modelId: "fbank", revision: "1", layer: "fbank", pooling: "mean" } as const;
const storage = new patterns.PatternStorage({ folder, model: { ...model, dimension: 4 } });
const fbank = new synth.MelStatisticsService({ kind: "fbank", bridge });

const instances: Readonly<Record<string, () => object>> = {
  AudioClip: () => clip,
  GAMABridge: () => bridge,
  GAMAModelManager: () => new synth.GAMAModelManager({ modelId: "owner/name", bridge }),
  GAMAService: () => new synth.GAMAService({ bridge }),
  MelStatisticsService: () => fbank,
  MemoryManager: () => new synth.MemoryManager({ bridge }),
  Timed: () => new synth.Timed(1, [0.5], { start: 1, end: 1, used: 0 }),
  PatternLearningSystem: () => new patterns.PatternLearningSystem({ folder }),
  PatternRecognizer: () => new patterns.PatternRecognizer(storage),
  PatternStorage: () => storage,
  Wav2Vec2Service: () => new synth.Wav2Vec2Service({ bridge }),
};

afterAll(async () => {
  await storage.close();
  await bridge.shutdown();
});

function isClass(value: unknown): value is new (...args: never[]) => object {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** A form beyond the text that Node prints. */
async function expectShown(value: unknown, words: string): Promise<void> {
  expect(isDisplayable(value)).toBe(true);
  const bundle = await bundleOf(value);
  expect(String(bundle["text/html"])).toContain("<");
  expect(String(bundle["text/plain"])).toContain(words);
}

const classes = Object.entries({ ...synth, ...patterns }).filter(([, value]) => isClass(value));

describe("classes of the SDK", () => {
  test.each(classes)("%s shows itself", async (name, value) => {
    if (isClass(value) && value.prototype instanceof Error) {
      // As every error does, with its causes: display/values.
      return;
    }
    if (name in SHOWS_NOTHING) return;
    const make = instances[name];
    if (make === undefined) throw new Error(`${name} shows nothing: see the top of this file`);
    await expectShown(make(), name);
  });

  test("are all there that this file knows", () => {
    const known = [...Object.keys(SHOWS_NOTHING), ...Object.keys(instances)];
    expect(known.filter((name) => !classes.some(([it]) => it === name))).toEqual([]);
  });
});

describe("results", () => {
  let features: synth.Features;
  beforeAll(async () => {
    features = await fbank.extractFeatures([sample, clip]);
  });

  test("of models show themselves, and JSON, copies and comparisons do not see it", async () => {
    await expectShown(features, "float32 [2 × 256]: min");
    await expectShown(await fbank.initialize(), "Model fbank");
    await expectShown(fbank, "MelStatisticsService");
    await expectShown(await fbank.status(), "fbank is loaded");
    await expectShown(bridge, `process ${bridge.pid}`);
    expect({ ...features }).toEqual(features);
    expect(Reflect.ownKeys({ ...features })).not.toContain(Symbol.for("Jupyter.display"));
    expect(JSON.parse(JSON.stringify(features))).not.toHaveProperty("Symbol(Jupyter.display)");
  });

  test("of gama-tiny show the answer, the ranking, and what failed", async () => {
    const gama = new synth.GAMAService({ model: "gama-tiny", bridge });
    const prompt = "Which sound is this?";
    const answer = await gama.processAudio(sample);
    await expectShown(answer, answer.text);
    await expectShown(await gama.score(sample, ["dog", "rain"]), "candidate");
    await expectShown(await gama.score([sample, "missing.wav"], ["dog", "rain"]), "failed: ");
    await expectShown(
      await gama.describe([{ audio: sample }, { audio: "missing.wav" }]),
      "failed: ",
    );
    await expectShown(await gama.describe([{ audio: sample, prompt }]), prompt);
  });

  test("of the statistics show the number and its interval, or why there is none", async () => {
    const random = Float32Array.from({ length: 24 }, (_, n) => (n % 2) + Math.sin(n * n) / 4);
    const labels = Array.from({ length: 24 }, (_, n) => (n % 2 ? "odd" : "even"));
    const groups = labels.map((_, n) => `source ${n}`);
    const input = { features: random, shape: [24, 1], labels, groups, kind: "knn" } as const;
    const outcome = await synth.probe(input, { bridge });
    await expectShown(outcome, "right, on sources never seen");
    const { kind: _, ...plain } = input;
    await expectShown(await synth.fewShot(plain, { bridge }), "Few-shot: ");
    await expectShown(await synth.retrieve(plain, { bridge }), "recall@5");
    const { labels: _labels, ...untagged } = plain;
    const tags = labels.map((label) => [label]);
    await expectShown(await synth.probeTags({ ...untagged, tags }, { bridge }), "Tags: mAP");
    const pair = { a: outcome.correct, b: outcome.correct.map((it) => !it), groups };
    await expectShown(await synth.pairedDifference(pair, { bridge }), "Difference a − b: ");
    const few = { a: [1, 2], b: [2, 1], groups: ["x", "y"] };
    await expectShown(await synth.pairedDifference(few, { bridge }), "none: ");
    const memory = new synth.MemoryManager({ bridge });
    await expectShown(await memory.releaseResources(), "Released");
    await expectShown(await synth.readEnvironment(bridge), "torch");
  });

  test("of the pattern store show themselves", async () => {
    const found = new synth.EmbeddingTable(
      table({ id: ["a", "b"], class: ["dog", "cat"], secondsHeard: [1, 1], secondsGiven: [1, 1] }),
      Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0),
      {
        ...model,
        device: "cpu",
        dtype: "float32",
        layers: ["fbank"],
        longAudio: "truncate",
        windowSeconds: null,
        hopSeconds: null,
        l2: false,
        processingTime: 0,
        peakMemory: 0,
      },
      [],
    );
    await expectShown(found, "EmbeddingTable(2 clips");
    await storage.storeMany(patterns.toPatterns(found, { labels: ["class"] }));
    const query = Float32Array.of(1, 0.1, 0, 0);
    await expectShown(await storage.findSimilar(query, 2), "2 patterns");
    const [first, ...rest] = await storage.find();
    await expectShown(first, "Pattern a");
    await expectShown(await storage.find({ ids: rest.map(({ id }) => id) }), "cat");
    await expectShown(await storage.retrieve("a"), "Pattern a");
    await expectShown(await storage.getStatistics(), "totalPatterns");
    const recognizer = new patterns.PatternRecognizer(storage);
    await expectShown(await recognizer.recognize(query), "Recognised: dog");
    const clips = [{ features: query, label: "dog" }];
    await expectShown(await patterns.calibrateThreshold(recognizer, clips), "Threshold");
  });
});
