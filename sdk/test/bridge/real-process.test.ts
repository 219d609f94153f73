/** The bridge with `python -m gama_operations` behind it. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { PROTOCOL_VERSION } from "../../bridge/protocol.gen.ts";
import { HEADER_BYTES } from "../../bridge/slot-header.ts";
import { CallTimeoutError, InvalidArgumentError } from "../../errors.ts";
import { lightPython } from "./light-python.ts";

const RATE = 16_000;
const REPOSITORY = join(import.meta.dirname, "..", "..", "..");
const SAMPLE = join(REPOSITORY, "datasets", "samples", "audio", "0000-dog.flac");
const tone = Float32Array.from({ length: RATE }, (_, index) => Math.sin(index / 10) / 2);
/** Enough work that a call is still running when the test interferes. */
const longClip = new Float32Array(30 * RATE).fill(0.1);
const LONG_CLIPS = 40;
const longWork = {
  audios: Array.from({ length: LONG_CLIPS }, () => ({
    samples: longClip,
    sample_rate: RATE,
  })),
  model: "fbank",
  batch_size: 1,
};

const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

async function featuresOf(samples: Float32Array): Promise<Float32Array> {
  const { features } = await bridge.executeOperation("extract_features", {
    audio: { samples: { data: samples, shape: [samples.length] }, sample_rate: RATE },
    model: "fbank",
  });
  if (Array.isArray(features)) throw new Error("expected a tensor");
  return features.data as Float32Array; // the protocol: features are float32
}

describe("a running process", () => {
  it("says ready with its protocol and operations before any model is loaded", async () => {
    const ready = await bridge.initialize();
    expect(ready).toMatchObject({ protocol: PROTOCOL_VERSION, pid: bridge.pid });
    expect(ready.operations).toContain("extract_features");
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
  });

  it("gives the same features for a tensor, a part of a larger array, and plain numbers", async () => {
    const padded = new Float32Array(3 * RATE);
    padded.set(tone, 12_345);
    const expected = await featuresOf(tone);
    expect(expected.length).toBeGreaterThan(0);
    expect(await featuresOf(padded.subarray(12_345, 12_345 + RATE))).toEqual(expected);
    const json = await bridge.executeOperation("extract_features", {
      audio: Array.from(tone),
      model: "fbank",
      reply: "json",
    });
    expect(Float32Array.from(json.features as number[])).toEqual(expected);
  });

  it("13: carries every bit, NaN payloads too: the row of a clip that failed is NaN in both planes", async () => {
    const audios = [
      { samples: { data: tone, shape: [1, RATE] }, sample_rate: RATE },
      { samples: { data: Float32Array.of(Number.NaN, 0), shape: [2] }, sample_rate: RATE },
    ];
    const result = await bridge.executeOperation("extract_features", { audios, model: "fbank" });
    if (Array.isArray(result.features)) throw new Error("expected a tensor");
    const [rows = 0, width = 0] = result.features.shape;
    const failed = Array.from(result.features.data.subarray(width) as Float32Array);
    expect(rows).toBe(2);
    expect(failed.every(Number.isNaN)).toBe(true);
    expect(result.failures).toMatchObject([{ index: 1, code: "invalid_audio" }]);
  });

  it("answers an empty clip with a typed error", async () => {
    const call = featuresOf(new Float32Array(0));
    await expect(call).rejects.toMatchObject({ code: "invalid_audio" });
  });

  it("29: does not see what happens to an array after the call", async () => {
    const samples = tone.slice();
    const call = featuresOf(samples);
    samples.fill(Number.NaN);
    expect(await call).toEqual(await featuresOf(tone));
  });

  it("13: refuses NaN in plain numbers before anything is sent", async () => {
    const before = bridge.stats();
    const call = bridge.executeOperation("extract_features", { audio: [0, Number.NaN] });
    await expect(call).rejects.toThrow(InvalidArgumentError);
    await expect(call).rejects.toThrow("`data.audio[1]`");
    expect(bridge.stats().arenaUsed).toBe(before.arenaUsed);
  });

  it("gives back every slot of both arenas", async () => {
    for (let round = 0; round < 50; round += 1) await featuresOf(tone);
    expect(bridge.stats()).toMatchObject({ arenaUsed: 0, abandoned: 0, waiting: 0 });
    const { arenaBytes } = bridge.stats();
    for (let round = 0; round < 50; round += 1) await featuresOf(tone);
    expect(bridge.stats().arenaBytes).toBe(arenaBytes);
  });

  it("answers calls out of order to the right callers", async () => {
    const clips = [0.1, 0.2, 0.3, 0.4].map((gain) => tone.map((x) => x * gain));
    const alone = [];
    for (const clip of clips) alone.push(await featuresOf(clip));
    const work = clips.map(featuresOf);
    const pings = clips.map(() => bridge.executeOperation("ping", {}));
    expect(await Promise.all(work)).toEqual(alone);
    for (const ping of await Promise.all(pings)) expect(ping.status).toBe("ok");
  });
});

describe("a path", () => {
  it("14: of any Unicode is read; one that is no UTF-8 cannot be named, and is not found", async () => {
    const folder = mkdtempSync(join(tmpdir(), "paths-"));
    const sample = readFileSync(SAMPLE);
    const names = ["é漢🎵.flac", 'a\u2028b\nc"d\\e.wav', `${"x".repeat(240)}.flac`];
    const answers: number[][] = [];
    for (const name of names) {
      const audio = join(folder, name);
      writeFileSync(audio, sample);
      const { shape } = await bridge.executeOperation("extract_features", {
        audio,
        model: "fbank",
      });
      answers.push(shape);
    }
    expect(answers).toEqual(names.map(() => [256]));
    writeFileSync(
      Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xe9), Buffer.from(".flac")]),
      sample,
    );
    const [latin = ""] = readdirSync(folder, "utf8").filter((name: string) =>
      name.includes("\ufffd"),
    );
    const lost = { audio: join(folder, latin), model: "fbank" };
    const call = bridge.executeOperation("extract_features", lost);
    await expect(call).rejects.toMatchObject({ code: "audio_not_found" });
  });
});

describe("giving up", () => {
  it("26: rejects at once with the signal's reason, and the slot is free once Python has answered", async () => {
    const controller = new AbortController();
    const reason = new Error("the user pressed stop");
    const call = bridge.executeOperation("extract_features", longWork, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(call).rejects.toBe(reason);
    expect(bridge.stats().abandoned).toBe(1);
    expect(bridge.stats().arenaUsed).toBe(LONG_CLIPS * (HEADER_BYTES + longClip.byteLength));
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
    await expect.poll(() => bridge.stats().abandoned, { timeout: 20_000 }).toBe(0);
    expect(bridge.stats().arenaUsed).toBe(0);
    expect(await featuresOf(tone)).toHaveLength(256);
  });

  it("26: rejects without sending when the signal was aborted before", async () => {
    const { calls } = bridge.stats();
    const call = bridge.executeOperation("ping", {}, { signal: AbortSignal.abort("too late") });
    await expect(call).rejects.toBe("too late");
    expect(bridge.stats().calls).toBe(calls);
  });

  it("27: rejects with CallTimeoutError when the time is over", async () => {
    const call = bridge.executeOperation("extract_features", longWork, { timeoutMs: 100 });
    await expect(call).rejects.toThrow(CallTimeoutError);
    await expect(call).rejects.toMatchObject({ operation: "extract_features", timeoutMs: 100 });
    await expect.poll(() => bridge.stats().abandoned, { timeout: 20_000 }).toBe(0);
  });

  it.each([0, -1, Number.NaN, 2 ** 31])("27: refuses a limit of %d ms", async (timeoutMs) => {
    const call = bridge.executeOperation("ping", {}, { timeoutMs });
    await expect(call).rejects.toThrow(InvalidArgumentError);
  });

  it("fails the call when its own progress callback throws", async () => {
    const fault = new Error("a bug in the callback");
    const onProgress = (): never => {
      throw fault;
    };
    await expect(
      bridge.executeOperation("extract_features", longWork, { onProgress }),
    ).rejects.toBe(fault);
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
  });
});

describe.each(["shared_memory", "file", "json"] as const)("the plane %s", (plane) => {
  it("gives the same bits", async () => {
    await using other = new GAMABridge({ plane });
    const data = { data: tone, shape: [RATE] };
    const audio = { samples: data, sample_rate: RATE };
    const result = await other.executeOperation("extract_features", { audio, model: "fbank" });
    const features = Array.isArray(result.features)
      ? Float32Array.from(result.features as number[])
      : result.features.data;
    expect(features).toEqual(await featuresOf(tone));
    expect(other.stats().plane).toBe(plane);
    expect((await other.executeOperation("status", {})).plane).toBe(plane);
  });
});

it("says how data crosses for as long as there is a way", async () => {
  const other = new GAMABridge({ plane: "json" });
  expect(other.stats().plane).toBeUndefined();
  await other.executeOperation("ping", {});
  expect(other.stats().plane).toBe("json");
  await other.shutdown();
  expect(other.stats().plane).toBeUndefined();
});

it("21: the plane json carries many clips that one line could not", async () => {
  await using other = new GAMABridge({ plane: "json" });
  const samples = Float32Array.from({ length: 480_000 }, (_, n) => Math.sin(n / 10) / 2);
  const audios = Array.from({ length: 30 }, () => ({ samples, sample_rate: 3 * RATE })); // 57.6 MB
  const data = { audios, model: "fbank", reply: "tensor" } as const;
  const { features, failures } = await other.executeOperation("extract_features", data);
  expect(failures).toEqual([]);
  expect(features).toEqual((await bridge.executeOperation("extract_features", data)).features);
  expect(other.stats()).toMatchObject({ arenaUsed: 0, inlineBytes: 30 * samples.byteLength });
});

it("21: the plane json carries what is longer than a line may be", async () => {
  await using other = new GAMABridge({ plane: "json" });
  const end = Float32Array.from({ length: 5 * RATE }, (_, n) => Math.sin(n / 10) / 2);
  const samples = new Float32Array(17_600_000);
  samples.set(end, samples.length - end.length);
  const audio = { samples, sample_rate: 5 * RATE };
  const { features } = await other.executeOperation("extract_features", {
    audio: { ...audio, duration: 1, offset: 219 },
    model: "fbank",
    reply: "tensor",
  });
  const alone = { audio: { ...audio, samples: end }, model: "fbank", reply: "tensor" } as const;
  expect(features).toEqual((await bridge.executeOperation("extract_features", alone)).features);
  expect(other.stats()).toMatchObject({ plane: "json", arenaUsed: 0 });
});

const STRAY = `
import ctypes, os, sys, threading, time
def chatter():
    # Until the process has moved descriptor 1 away from the wire, it is the wire.
    while os.fstat(1).st_ino != os.fstat(2).st_ino:
        time.sleep(0.005)
    c = ctypes.CDLL(None)
    while True:
        print("stray print", flush=True)
        os.write(1, b"stray write\\n")
        c.puts(b"stray puts")
        c.fflush(None)
        time.sleep(0.002)
threading.Thread(target=chatter, daemon=True).start()
`;

describe("prints of a library", () => {
  it("18: from Python, from a descriptor and from C, all the time, go to stderr and never onto the wire", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stray-"));
    writeFileSync(join(folder, "sitecustomize.py"), STRAY);
    let stderr = "";
    await using noisy = new GAMABridge({
      python: lightPython(),
      env: { PYTHONPATH: folder },
      onLog: ({ source, text }) => {
        if (source === "stderr") stderr += text;
      },
    });
    for (let round = 0; round < 100; round += 1) {
      expect((await noisy.executeOperation("ping", {})).status).toBe("ok");
    }
    for (const kind of ["print", "write", "puts"]) {
      await expect.poll(() => stderr).toContain(`stray ${kind}`);
    }
    expect(noisy.stats().discardedLines).toBe(0);
  });
});
