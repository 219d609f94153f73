import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AudioClip } from "../../audio/audio-clip.ts";
import { clipPicture } from "../../audio/picture/clip-picture.ts";
import { decodeClip } from "../../audio/picture/decode.ts";
import { melPicture } from "../../audio/picture/mel.ts";
import { findPython } from "../../bridge/find-python.ts";
import { bundleOf } from "../../display/index.ts";
import { readXml } from "../display/read-xml.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const sample = join(root, "datasets", "samples", "audio", "0000-dog.flac");
const folder = mkdtempSync(join(tmpdir(), "clip-picture-"));
const RATE = 16_000;

/** Files of every form that is decoded here, and what Python makes of them and of the sample. */
const WRITER = `
import sys
import numpy as np, soundfile, torch
from gama_operations.models.gama.config import GamaConfig
from gama_operations.models.gama.frontend import MelFrontend
folder, sample = sys.argv[1:]
rng = np.random.default_rng(0)
time = np.arange(9000) / 8000
tone = 0.5 * np.sin(2 * np.pi * 440 * time) + 0.01 * rng.standard_normal(time.size)
stereo = np.stack([tone, 0.9 * tone + 0.001 * rng.standard_normal(time.size)], 1)
noise = rng.uniform(-1, 1, 5000)
silence = np.zeros(3000)
for name, sound, subtype in [
    ("stereo16.flac", stereo, "PCM_16"), ("stereo24.flac", stereo, "PCM_24"), ("mono8.flac", tone, "PCM_S8"),
    ("noise.flac", noise, "PCM_16"), ("silence.flac", silence, "PCM_16"), ("opposite.flac", np.stack([tone, -tone], 1), "PCM_16"),
    ("u8.wav", stereo, "PCM_U8"), ("i16.wav", stereo, "PCM_16"), ("i24.wav", tone, "PCM_24"), ("i32.wav", tone, "PCM_32"),
    ("f32.wav", stereo, "FLOAT"), ("f64.wav", tone, "DOUBLE"), ("lossy.ogg", tone, "VORBIS"),
]:
    soundfile.write(f"{folder}/{name}", sound, 8000, subtype=subtype)
    heard, _ = soundfile.read(f"{folder}/{name}", dtype="float64", always_2d=True)
    heard.mean(axis=1).astype("<f4").tofile(f"{folder}/{name}.f32")
soundfile.write(f"{folder}/extensible.wav", stereo, 8000, subtype="PCM_16", format="WAVEX")
heard, _ = soundfile.read(f"{folder}/extensible.wav", dtype="float64")
heard.mean(axis=1).astype("<f4").tofile(f"{folder}/extensible.wav.f32")
sound, rate = soundfile.read(sample, dtype="float32")
assert rate == 16000
MelFrontend(GamaConfig(mel_bins=128, sample_rate=16000)).log_mel(torch.from_numpy(sound)).numpy().tofile(f"{folder}/mel.f32")
`;

function floats(name: string): Float32Array {
  const bytes = readFileSync(join(folder, name));
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? Number.NaN))), 0);
}

function noise(seconds: number, rate = RATE): Float32Array {
  let state = 1;
  return Float32Array.from({ length: seconds * rate }, () => {
    state = (state * 48_271) % 2_147_483_647; // minimal standard generator: loud in every bin
    return (state / 2_147_483_647) * 2 - 1;
  });
}

beforeAll(() => {
  execFileSync(findPython(), ["-c", WRITER, folder, sample]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("what a picture is drawn from", () => {
  test.each([
    "stereo16.flac",
    "stereo24.flac",
    "mono8.flac",
    "noise.flac",
    "silence.flac",
    "opposite.flac",
    "u8.wav",
    "i16.wav",
    "i24.wav",
    "i32.wav",
    "f32.wav",
    "f64.wav",
    "extensible.wav",
  ])("%s has the samples that Python's decoder gives, mixed down", (name) => {
    const { samples, sampleRate } = decodeClip(AudioClip.fromFile(join(folder, name)).source, 100);
    const expected = floats(`${name}.f32`);
    expect([sampleRate, samples.length]).toEqual([8000, expected.length]);
    expect(largestDifference(samples, expected)).toBeLessThan(1e-6);
  });

  test("is the part of a file that the clip means, and no more seconds than asked for", () => {
    const path = join(folder, "stereo16.flac");
    const part = decodeClip(AudioClip.fromFile(path, { offset: 0.25, duration: 0.5 }).source, 100);
    const whole = floats("stereo16.flac.f32");
    expect(largestDifference(part.samples, whole.subarray(2000, 6000))).toBeLessThan(1e-6);
    expect(decodeClip(AudioClip.fromFile(path).source, 0.5).samples).toHaveLength(4000);
  });

  test("is refused of a damaged file, in words", () => {
    const path = join(folder, "damaged.flac");
    writeFileSync(path, readFileSync(sample).subarray(0, 9000).fill(0, 5000));
    expect(() => decodeClip(AudioClip.fromFile(path).source, 100)).toThrow(RangeError);
    writeFileSync(path, "no sound");
    expect(() => decodeClip(AudioClip.fromFile(path).source, 100)).toThrow("no FLAC file");
  });

  test("is log-mel as the models' frontend has it, within a thousandth of a neper", () => {
    const { samples, sampleRate } = decodeClip(AudioClip.fromFile(sample).source, 100);
    const { logMel, frames, bins } = melPicture(samples, sampleRate, 0.01, 128);
    const expected = floats("mel.f32");
    expect([frames * bins, frames]).toEqual([expected.length, 198]);
    expect(largestDifference(logMel, expected)).toBeLessThan(1e-3);
  });
});

describe("the picture of a clip", () => {
  test("has waveform, spectrogram and times, of silence and of a single sample too", () => {
    const clips = [
      AudioClip.fromFile(sample),
      ...[RATE, 1].map((n) => AudioClip.fromSamples(new Float32Array(n), RATE)),
    ];
    for (const clip of clips) {
      const elements = readXml(clipPicture(clip.source));
      expect(elements.filter(({ name }) => name === "path" || name === "image")).toHaveLength(2);
      const text = elements.map((it) => (it.name === "text" ? it.text : "")).join(" ");
      expect(text).toMatch(/8 kHz +20 Hz .* s/);
    }
    const part = AudioClip.fromFile(sample, { offset: 1, duration: 1 });
    expect(clipPicture(part.source)).toContain(">1.0 s<");
  });

  test("takes at most 100 kB in the notebook, of minutes of noise too", async () => {
    for (const seconds of [5, 130]) {
      const bundle = await bundleOf(AudioClip.fromSamples(noise(seconds, 8000), 8000));
      const picture = /src="(data:image[^"]+)"/.exec(String(bundle["text/html"]))?.[1] ?? "";
      expect(picture.length).toBeGreaterThan(1000);
      expect(picture.length).toBeLessThan(100_000);
    }
  });

  test("is missing where only Python decodes: the clip plays, and says so", async () => {
    const bundle = await bundleOf(AudioClip.fromFile(join(folder, "lossy.ogg")));
    expect(bundle["text/html"]).toContain("<audio controls");
    expect(bundle["text/html"]).not.toContain("<img");
    expect(bundle["text/plain"]).toContain("no picture of .ogg files");
  });
});
