/** Several clients of one host at once: each has its own, and none pays for another. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import { ProcessExitError } from "../../errors.ts";
import { featuresOf, longWork, RATE, tone } from "./fbank.ts";
import { attach, kill, stop, useOwnHosts } from "./hosts.ts";
import { backwards, lightPython } from "./light-python.ts";

useOwnHosts();

describe("two clients at once", () => {
  it("get only their own answers, though their requests have the same numbers", async () => {
    const [{ bridge: a }, { bridge: b }] = [attach("two"), attach("two")];
    await using _a = a;
    await using _b = b;
    const gains = Array.from({ length: 20 }, (_unused, index) => (index + 1) / 20);
    const expected = [];
    for (const gain of gains) expected.push(await featuresOf(a, gain));
    const [ofA, ofB] = await Promise.all([
      Promise.all(gains.map((gain) => featuresOf(a, gain))),
      Promise.all(gains.toReversed().map((gain) => featuresOf(b, gain))),
    ]);
    expect(ofA).toEqual(expected);
    expect(ofB).toEqual(expected.toReversed());
    expect(a.pid).toBe(b.pid);
    for (const { stats } of [a, b].map((bridge) => ({ stats: bridge.stats() }))) {
      expect(stats).toMatchObject({ waiting: 0, abandoned: 0, arenaUsed: 0, starts: 1 });
    }
  });

  it("take their own answers in parts, each at its own pace", async () => {
    const [{ bridge: a }, { bridge: b }] = [attach("two"), attach("two")];
    await using _a = a;
    await using _b = b;
    const clips = (gain: number) =>
      Array.from({ length: 8 }, (_unused, index) => ({
        samples: tone.map((x) => (x * gain) / (index + 1)),
        sample_rate: RATE,
      }));
    const rowsOf = async (bridge: GAMABridge, gain: number): Promise<Float32Array[]> => {
      const work = { audios: clips(gain), model: "fbank", batch_size: 1 };
      const rows: Float32Array[] = [];
      for await (const { indices, features } of bridge.stream("extract_features", work, {
        window: 1,
      })) {
        if (Array.isArray(features)) throw new Error("expected a tensor");
        rows[indices[0] ?? -1] = features.data as Float32Array; // as above
      }
      return rows;
    };
    const whole = async (gain: number): Promise<Float32Array[]> =>
      await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((part) => featuresOf(a, gain / part)));
    const [rowsOfA, rowsOfB] = await Promise.all([rowsOf(a, 1), rowsOf(b, 0.5)]);
    expect(rowsOfA).toEqual(await whole(1));
    expect(rowsOfB).toEqual(await whole(0.5));
  });

  it("take each part once, also when their Python is killed meanwhile", async () => {
    const [{ bridge: a }, { bridge: b }] = [attach("two"), attach("two")];
    await using _a = a;
    await using _b = b;
    const clip = { samples: tone, sample_rate: RATE };
    const work = { audios: Array.from({ length: 8 }, () => clip), model: "fbank", batch_size: 1 };
    const taken = async (bridge: GAMABridge): Promise<number[]> => {
      const indices: number[] = [];
      const stream = bridge.stream("extract_features", work, { window: 1 });
      for await (const part of stream) {
        indices.push(...part.indices);
        if (bridge === a && indices.length === 3) kill(a.stats().pid, "SIGKILL");
      }
      return indices;
    };
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    expect(await Promise.all([taken(a), taken(b)])).toEqual([all, all]);
    expect(a.stats().starts).toBe(2);
  });

  it("give up only their own calls", async () => {
    const [{ bridge: a }, { bridge: b }] = [attach("two"), attach("two")];
    await using _a = a;
    await using _b = b;
    await Promise.all([a.initialize(), b.initialize()]);
    const controller = new AbortController();
    // Both are the first request of their client.
    const givenUp = a.executeOperation("extract_features", longWork(), {
      signal: controller.signal,
    });
    const kept = b.executeOperation("extract_features", longWork(10));
    controller.abort(new Error("enough"));
    await expect(givenUp).rejects.toThrow("enough");
    expect((await kept).shape).toEqual([10, 256]);
    await expect.poll(() => a.stats().abandoned).toBe(0);
  });

  it("lose nothing when their Python is killed, and keep their host", async () => {
    const [{ bridge: a, remarks }, { bridge: b }] = [attach("two"), attach("two")];
    await using _a = a;
    await using _b = b;
    const gains = Array.from({ length: 20 }, (_unused, index) => (index + 1) / 20);
    const expected = [];
    for (const gain of gains) expected.push(await featuresOf(a, gain));
    await b.initialize();
    const { pid, host } = a.stats();
    kill(pid, "SIGSTOP"); // so that it cannot be faster than the test
    const calls = [a, b].flatMap((bridge) => gains.map((gain) => featuresOf(bridge, gain)));
    kill(pid);
    expect(await Promise.all(calls)).toEqual([...expected, ...expected]);
    await Promise.all([a, b].map((bridge) => bridge.initialize()));
    expect(a.stats()).toMatchObject({ host, starts: 2, arenaUsed: 0 });
    expect(a.pid).toBe(b.pid);
    expect(a.pid).not.toBe(pid);
    expect(remarks.join()).toMatch(/^The Python process died of SIGKILL\. A new one starts/);
  });

  it("are not blamed for it with a first request that waits behind the other's", async () => {
    const terms = { python: lightPython(), restart: { maxAttempts: 1 } };
    const [{ bridge: a }, { bridge: b }] = [attach("blame", terms), attach("blame", terms)];
    await using _a = a;
    await using _b = b;
    const { pid } = await b.initialize();
    const audio = join(mkdtempSync(join(tmpdir(), "running-")), "begun");
    const ofA = a.executeOperation("extract_features", { audio });
    await expect.poll(() => existsSync(audio)).toBe(true); // Python works on it
    const ofB = backwards(b, tone);
    const blamed = expect(ofA).rejects.toMatchObject({ code: "process_exit", attempts: 1 });
    kill(pid);
    await blamed;
    expect(await ofB).toEqual(tone.toReversed());
    await stop("blame");
  });

  it("are not blamed for each other's request of which the process dies", async () => {
    const hook = mkdtempSync(join(tmpdir(), "poison-"));
    const poison = join(hook, "poison.wav");
    writeFileSync(poison, "RIFF");
    writeFileSync(
      join(hook, "sitecustomize.py"),
      `import ctypes, sys
sys.addaudithook(lambda event, args: ctypes.string_at(0) if event == "open" and "poison" in str(args[0]) else None)
`,
    );
    const paths = [hook, process.env["PYTHONPATH"]].filter(Boolean).join(":");
    const options = { env: { PYTHONPATH: paths }, python: lightPython() };
    const [{ bridge: a }, { bridge: b }] = [attach("poison", options), attach("poison", options)];
    await using _a = a;
    await using _b = b;
    await b.initialize();
    const good = Array.from({ length: 10 }, () => backwards(b, tone));
    const bad = a.executeOperation("extract_features", { audio: poison, model: "fbank" });
    await expect(bad).rejects.toBeInstanceOf(ProcessExitError);
    await expect(bad).rejects.toMatchObject({
      signal: "SIGSEGV",
      attempts: 2,
      stderrTail: expect.stringContaining("Segmentation fault"),
    });
    const expected = tone.toReversed();
    for (const answer of await Promise.all(good)) expect(answer).toEqual(expected);
    await stop("poison");
  });
});

describe.each(["file", "json"] as const)("the plane %s", (plane) => {
  it("gives the same bits, and is named", async () => {
    const [{ bridge: shared }, { bridge }] = [attach("two"), attach("two", { plane })];
    await using _shared = shared;
    await using _ = bridge;
    expect(await featuresOf(bridge)).toEqual(await featuresOf(shared));
    const long = { samples: new Float32Array(60 * RATE).fill(0.1), sample_rate: RATE }; // comes in pieces
    const work = { audio: long, model: "fbank" };
    expect((await bridge.executeOperation("extract_features", work)).seconds_given).toEqual([60]);
    expect(bridge.stats().plane).toBe(plane);
    expect((await bridge.executeOperation("status", {})).plane).toBe(plane);
    expect(shared.stats().plane).toBe("shared_memory");
  });
});
