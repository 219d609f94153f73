/** What a model says about sounds: gama-tiny, as the repository ships it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CapabilityError, InvalidArgumentError } from "../../errors.ts";
import { GAMAService } from "../../models/gama-service.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";

const repository = join(import.meta.dirname, "..", "..", "..");
const weights = join(repository, "python", "weights", "gama-tiny", "model.safetensors");
const RATE = 16_000;

/** Ten clicks a second apart, or a steady tone. */
const clicks = Float32Array.from({ length: 4 * RATE }, (_, index) =>
  index % RATE < 400 ? Math.sin(index / 3) / 2 : 0,
);
const tone = Float32Array.from({ length: 2 * RATE }, (_, index) => Math.sin(index / 10) / 2);
const clip = { samples: tone, sampleRate: RATE };
const other = { samples: clicks, sampleRate: RATE };

describe.skipIf(!existsSync(weights))("gama-tiny (skipped without its weights)", () => {
  let gama: GAMAService;
  beforeAll(() => {
    gama = new GAMAService();
  });
  afterAll(() => gama.shutdown());

  it("hears a clip once, whatever is asked about it, until memory is given back", async () => {
    const first = await gama.processAudio(clip, { prompt: "How loud is it?" });
    expect(first.cached).toBe(false);
    const copy = { samples: tone.slice(), sampleRate: RATE };
    const second = await gama.processAudio(copy, { prompt: "Is it fast or slow?" });
    expect(second.cached).toBe(true);
    expect(second.memoryUsage.phases.map(({ phase }) => phase)).not.toContain("encode");
    const apart = await gama.processAudio(clip, { prompt: "Is it fast or slow?", cache: false });
    expect(apart).toMatchObject({ cached: false, text: second.text, tokens: second.tokens });
    expect((await gama.status()).keptBytes).toBeGreaterThan(0);
    await gama.bridge.executeOperation("free_memory", {});
    expect((await gama.status()).keptBytes).toBe(0);
    expect((await gama.processAudio(clip)).cached).toBe(false);
  });

  it("tells its answer while it is written, and is stopped where nobody listens", async () => {
    const whole = await gama.processAudio(clip);
    const stream = gama.streamAnswer(clip);
    const pieces: string[] = [];
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) {
      expect(next.value.window).toBe(0);
      pieces.push(next.value.text);
    }
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.join("")).toBe(whole.text);
    expect(next.value).toMatchObject({
      text: whole.text,
      tokens: whole.tokens,
      modelId: "gama-tiny",
    });
    const endless = { doSample: true, temperature: 100, maxNewTokens: 400 };
    for await (const { text } of gama.streamAnswer(clip, endless)) {
      expect(text).not.toBe("");
      break;
    }
    await expect.poll(() => gama.bridge.stats().abandoned).toBe(0);
    const controller = new AbortController();
    const aborted = gama.streamAnswer(clip, { ...endless, signal: controller.signal });
    await aborted.next();
    controller.abort(new Error("enough"));
    await expect(aborted.next()).rejects.toThrow("enough");
  });

  it("answers several questions about several clips as it answers each alone", async () => {
    const asked = [
      { audio: clip, prompt: "How loud is it?" },
      { audio: other },
      { audio: "/no/such/file.wav", prompt: "How loud is it?" },
      { audio: clip, prompt: "Is it fast or slow?" },
    ];
    await gama.bridge.executeOperation("free_memory", {});
    const { answers, failures, modelId } = await gama.describe(asked);
    expect(modelId).toBe("gama-tiny");
    expect(failures).toMatchObject([{ index: 2, code: "audio_not_found" }]);
    expect(answers[2]).toBeUndefined();
    for (const index of [0, 1, 3]) {
      const { audio = clip, ...options } = asked[index] ?? {};
      const { text, tokens } = await gama.processAudio(audio, options);
      expect(answers[index]).toMatchObject({ text, tokens, cached: false });
    }
    const again = await gama.describe([{ audio: clip, prompt: "How loud is it?" }]);
    expect(again.answers[0]).toMatchObject({ text: answers[0]?.text, cached: true });
    await expect(gama.describe([])).rejects.toThrow(InvalidArgumentError);
  });

  it("samples by a preset, the same for the same seed", async () => {
    const ask = async (seed: number): Promise<string> => {
      const options = { preset: "official-inference", temperature: 3, seed } as const;
      return (await gama.processAudio(clip, options)).text;
    };
    const [first, again, another] = [await ask(1), await ask(1), await ask(2)];
    expect(again).toBe(first);
    expect(another).not.toBe(first);
  });

  it("finds its own answer the likeliest of the labels, about one clip and about several", async () => {
    const prompt = "How loud is it?";
    const labels = ["quiet", "medium", "loud", "loud and clear"];
    const answers = [];
    for (const audio of [clip, other]) answers.push(await gama.processAudio(audio, { prompt }));
    const missing = "/no/such/file.wav";
    const scored = await gama.score([clip, missing, other], labels, { prompt });
    expect(scored).toMatchObject({ modelId: "gama-tiny", prompt, candidates: labels });
    expect(scored.failures).toMatchObject([{ index: 1, code: "audio_not_found" }]);
    expect(scored.clips[1]).toBeUndefined();
    expect([scored.clips[0]?.best, scored.clips[2]?.best]).toEqual(answers.map((it) => it.text));
    const alone = await gama.score(other, labels, { prompt });
    expect(alone.best).toBe(answers[1]?.text);
    for (const [index, mean] of alone.meanLogProbabilities.entries()) {
      const sum = alone.logProbabilities[index] ?? Number.NaN;
      expect(sum).toBeLessThan(0);
      expect(sum / (alone.tokens[index] ?? 0)).toBeCloseTo(mean, 6);
      expect(sum).toBeCloseTo(scored.clips[2]?.logProbabilities[index] ?? Number.NaN, 4);
    }
    const [, , loud = 0, loudAndClear = 0] = (
      await gama.score(other, labels, { prompt, end: false })
    ).logProbabilities;
    expect(loud).toBeGreaterThan(loudAndClear);
  });

  it("hears a long clip by the policy that is asked for, and says which seconds", async () => {
    const { windowSeconds } = await gama.initialize();
    const samples = new Float32Array(12 * RATE).map(
      (_, index) => clicks[index % clicks.length] ?? 0,
    );
    const long = { samples, sampleRate: RATE };
    const beginning = await gama.processAudio(long);
    expect(beginning).toMatchObject({ secondsHeard: windowSeconds, secondsGiven: 12 });
    expect(beginning.windows).toMatchObject([{ start: 0, end: windowSeconds }]);
    await expect(gama.processAudio(long, { longAudio: "error" })).rejects.toMatchObject({
      code: "audio_too_long",
      details: { seconds: 12, window_seconds: windowSeconds },
    });
    const { text, windows, secondsHeard } = await gama.processAudio(long, { longAudio: "windows" });
    expect(windows.map(({ start, end }) => [start, end])).toEqual([
      [0, 5.12],
      [5.12, 10.24],
      [10.24, 12],
    ]);
    expect(windows[0]?.text).toBe(beginning.text);
    expect(text.split("\n")).toEqual(windows.map((window) => window.text));
    expect(secondsHeard).toBeCloseTo(12, 6);
    const features = await gama.extractFeatures(long, { longAudio: "windows" });
    expect(features.shape[0]).toBe(3);
    expect(features.windows).toEqual(windows.map(({ start, end }) => ({ start, end })));
  });

  it("scores no candidates, no clips, and questions that it has not learnt, with an error", async () => {
    await expect(gama.score(clip, [])).rejects.toMatchObject({ code: "invalid_request" });
    await expect(gama.score([], ["loud"])).rejects.toThrow(InvalidArgumentError);
    const language = { prompt: "Which language is spoken?" };
    await expect(gama.score(clip, ["German"], language)).rejects.toThrow(CapabilityError);
    await using mel = new MelStatisticsService();
    await expect(mel.score(clip, ["loud"])).rejects.toThrow(CapabilityError);
  });
});
