import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { type AudioBufferLike, AudioClip } from "../../audio/audio-clip.ts";
import { type AudioInput, toWireAudio } from "../../audio/audio-input.ts";
import { bundleOf } from "../../display/index.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";

const RATE = 16_000;
const left = Float32Array.from({ length: RATE }, (_, index) => Math.sin(index / 10) / 2);
const right = left.map((sample) => -sample / 2);
const folder = mkdtempSync(join(tmpdir(), "audio-clip-"));
const service = new MelStatisticsService();
afterAll(() => service.shutdown());

describe("AudioClip", () => {
  it("as float WAV is decoded by libsndfile to the very samples, both channels", async () => {
    const clip = AudioClip.fromSamples([left, right], RATE);
    const path = join(folder, "float.wav");
    writeFileSync(path, clip.wav());
    const fromFile = await service.extractFeatures(AudioClip.fromFile(path));
    const fromSamples = await service.extractFeatures(clip);
    expect(fromFile.data).toEqual(fromSamples.data);
    expect(fromFile.secondsGiven).toEqual([1]);
  });

  it("as 16-bit WAV differs by no more than half a step, and clips what is too loud", () => {
    const loud = Float32Array.of(0, 0.5, 1, -1, 2, -2);
    const bytes = AudioClip.fromSamples(loud, 8000).wav("int16");
    const view = new DataView(bytes.buffer, 44);
    const samples = Array.from({ length: 6 }, (_, index) => view.getInt16(index * 2, true));
    expect(samples).toEqual([0, 16_384, 32_767, -32_767, 32_767, -32_767]);
    expect(bytes.length).toBe(44 + 12);
  });

  it("takes a part of a file, in seconds", async () => {
    const path = join(folder, "long.wav");
    writeFileSync(path, AudioClip.fromSamples([left], RATE).wav());
    const part = AudioClip.fromFile(path, { offset: 0.25, duration: 0.5 });
    const features = await service.extractFeatures(part);
    expect(features.secondsGiven).toEqual([0.5]);
    const same = AudioClip.fromSamples(left.subarray(RATE / 4, (3 * RATE) / 4), RATE);
    expect(features.data).toEqual((await service.extractFeatures(same)).data);
  });

  it("is made from anything of the shape of an AudioBuffer", () => {
    const buffer: AudioBufferLike = {
      sampleRate: RATE,
      numberOfChannels: 2,
      getChannelData: (channel) => (channel === 0 ? left : right),
    };
    const clip = AudioClip.fromBuffer(buffer);
    expect(clip.source).toEqual({ kind: "samples", channels: [left, right], sampleRate: RATE });
    expect(clip.seconds).toBe(1);
  });

  it("shows itself as a player that holds the bytes, with text beside it", async () => {
    const bundle = await bundleOf(AudioClip.fromSamples(left, RATE));
    const base64 = /src="data:audio\/wav;base64,([^"]+)"/.exec(String(bundle["text/html"]))?.[1];
    const wav = Buffer.from(base64 ?? "", "base64");
    expect(wav.subarray(0, 4).toString()).toBe("RIFF");
    expect(wav.length).toBe(44 + 2 * RATE);
    expect(bundle["text/plain"]).toBe("AudioClip(1.00 s, 1 × 16000 Hz)");
    expect(inspect(AudioClip.fromSamples(left, RATE))).toBe(bundle["text/plain"]);
  });

  it("of a part of a file plays that part, and its name cannot leave the attribute", async () => {
    const path = join(folder, '"><b>x.wav');
    writeFileSync(path, AudioClip.fromSamples(left, RATE).wav());
    const clip = AudioClip.fromFile(path, { offset: 0.5, duration: 0.25 });
    const { "text/html": html } = await bundleOf(clip);
    expect(html).toContain('#t=0.5,0.75"');
    expect(html).not.toContain("<b>");
  });

  it("returns a WAV file as it is, and refuses what would have to be decoded", () => {
    const path = join(folder, "as-is.wav");
    const bytes = AudioClip.fromSamples(left, RATE).wav();
    writeFileSync(path, bytes);
    expect(Buffer.compare(AudioClip.fromFile(path).wav(), bytes)).toBe(0);
    expect(() => AudioClip.fromFile("clip.flac").wav()).toThrow(InvalidArgumentError);
    expect(() => AudioClip.fromFile(path, { offset: 1 }).wav()).toThrow(InvalidArgumentError);
  });

  it("of a file that is not there is one typed error, shown or read", async () => {
    const clip = AudioClip.fromFile(join(folder, "missing.wav"));
    await expect(bundleOf(clip)).rejects.toThrow(InvalidArgumentError);
    expect(() => clip.wav()).toThrow("missing.wav");
    expect(() => clip.wav()).toThrow(InvalidArgumentError);
  });

  it("does not swell a notebook with a long file", async () => {
    const path = join(folder, "long.wav");
    writeFileSync(path, new Uint8Array(17 * 2 ** 20));
    await expect(bundleOf(AudioClip.fromFile(path))).rejects.toThrow("at most 16 MiB");
  });

  it.each([
    [[], RATE, "samples"],
    [[left, left.subarray(1)], RATE, "samples"],
    [[[0, 1]], RATE, "samples"],
    [left, 0, "sampleRate"],
    [left, 44_100.5, "sampleRate"],
    [left, Number.NaN, "sampleRate"],
  ])("refuses samples that are no audio", (samples, rate, field) => {
    const make = (): AudioClip => AudioClip.fromSamples(samples as Float32Array[], rate);
    expect(make).toThrow(InvalidArgumentError);
    expect(make).toThrow(`\`${field}\``);
  });
});

describe("toWireAudio", () => {
  it("makes paths absolute, since Python may stand in another folder", () => {
    expect(toWireAudio("a.wav")).toEqual({ path: join(process.cwd(), "a.wav") });
  });

  it("sends channels one after the other", () => {
    const samples = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
    expect(toWireAudio({ samples, sampleRate: 8000 })).toEqual({
      samples: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] },
      sample_rate: 8000,
    });
  });

  it("passes plain numbers on, as the seed sends them", () => {
    expect(toWireAudio([0, 0.5])).toEqual([0, 0.5]);
  });

  it("says what it takes, and where it stood", () => {
    const wrong = Float32Array.of(1) as unknown as AudioInput;
    expect(() => toWireAudio(wrong, "audio[3]")).toThrow("`audio[3]` to be a path, an AudioClip");
  });
});
