/** Many calls, given up, late, large or all at once. Numbers are those of the faults. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { CallTimeoutError } from "../../errors.ts";
import { ask, backwards, lightBridge } from "./light-python.ts";
import { longForm } from "./long-form.ts";
import { abortRounds } from "./rounds/abort-rounds.ts";
import { concurrentCalls } from "./rounds/concurrent-calls.ts";
import { fuzzLines } from "./rounds/fuzz-lines.ts";
import { killRounds } from "./rounds/kill-rounds.ts";
import { residentBytes } from "./rounds/many-calls.ts";

const MB = 1024 * 1024;

/** Nothing of this process runs meanwhile: what it is sent waits. */
function block(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

describe("a process that is killed at random moments", () => {
  it("1, 2, 4, 5: loses no call, answers none twice, and gives each the bits of a clean run", async () => {
    const restart = { maxAttempts: 1_000, maxCrashesPerMinute: Number.POSITIVE_INFINITY };
    const { bridge } = lightBridge({ restart });
    await using _ = bridge;
    const clips = Array.from({ length: 16 }, (_clip, n) =>
      Float32Array.from({ length: 700 * n }, (_x, i) => Math.sin(i * n)),
    );
    const outcome = await killRounds({
      bridge,
      kills: 10,
      seed: 1,
      questions: clips.length,
      ask: (question, options) =>
        backwards(bridge, clips[question] ?? new Float32Array(0), options),
      isEqual: (a, b) => Buffer.compare(bytesOf(a), bytesOf(b)) === 0,
      atOnce: 8,
      withinMs: 40,
    });
    expect(outcome).toMatchObject({ kills: 10, starts: 11, lost: 0, duplicated: 0, wrong: 0 });
    expect(outcome.repeated).toBeGreaterThan(0);
    expect(bridge.stats()).toMatchObject({ waiting: 0, abandoned: 0, arenaUsed: 0 });
  });
});

function bytesOf(array: unknown): Uint8Array {
  const { buffer, byteOffset, byteLength } = array as Float32Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

describe("a thousand calls that are given up at random moments", () => {
  it("26: tear no input of another call, and leave no slot taken", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    const isOver = (aborts: number): boolean => aborts >= 1_000;
    const outcome = await abortRounds({ bridge, seed: 26, atOnce: 32, isOver });
    expect(outcome).toMatchObject({ torn: 0, wrong: 0, leaked: 0 });
    expect(outcome.aborted).toBeGreaterThanOrEqual(1_000);
    expect(outcome.answered).toBeGreaterThan(100);
    expect(outcome.arenaBytes).toBeLessThanOrEqual(16 * MB);
    expect(bridge.stats().starts).toBe(1);
  });
});

describe("a time limit", () => {
  it("27: that races with the answer settles its call once, one way or the other", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    await bridge.initialize();
    const limits = [0.01, 1, 2, 3, 5, 10, 20, 60_000];
    const calls = Array.from({ length: 400 }, (_call, n) => {
      const data = { tensor: Float32Array.of(n), value: n, seconds: 0.001, heeds: n % 2 === 0 };
      return ask(bridge, "canary", data, { timeoutMs: limits[n % limits.length] });
    });
    for (const [n, call] of (await Promise.allSettled(calls)).entries()) {
      if (call.status === "fulfilled")
        expect(call.value).toMatchObject({ data: Float32Array.of(n) });
      else expect(call.reason).toBeInstanceOf(CallTimeoutError);
      if (limits[n % limits.length] === 60_000) expect(call.status).toBe("fulfilled");
      if (limits[n % limits.length] === 0.01) expect(call.status).toBe("rejected");
    }
    await expect.poll(() => bridge.stats().abandoned).toBe(0);
    expect(bridge.stats()).toMatchObject({ waiting: 0, arenaUsed: 0, starts: 1 });
    expect(await ask(bridge, "torn")).toBe(0);
  });
});

describe("a Node that does not listen for a while", () => {
  it("16: loses reports of progress and no result; the process keeps none of them", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    await ask(bridge, "flood", { count: 10 });
    const before = residentBytes(bridge.pid ?? 0);
    let reports = 0;
    const onProgress = (): void => {
      reports += 1;
    };
    const calls = Array.from({ length: 100 }, () =>
      ask(bridge, "flood", { count: 5_000 }, { onProgress }),
    );
    await sleep(50);
    block(longForm(2_000, 10_000));
    expect(await Promise.all(calls)).toEqual(calls.map(() => 5_000));
    expect(reports).toBeLessThan(100 * 50);
    expect(residentBytes(bridge.pid ?? 0, "VmHWM") - before).toBeLessThan(16 * MB);
  });

  it("17: while both pipes are full stops nothing for ever", async () => {
    const { bridge } = lightBridge({ queue: { maxInFlight: 5_000 } });
    await using _ = bridge;
    await bridge.initialize();
    const text = "x".repeat(MB);
    const texts = Array.from({ length: 60 }, (_call, n) =>
      ask(bridge, "say", { text: `${n}${text}` }),
    );
    // Answered by the thread that reads requests: it waits for us to read, and we for it.
    const pings = Array.from({ length: 3_000 }, () => bridge.executeOperation("ping", {}));
    const more = Array.from({ length: 20 }, (_call, n) =>
      ask(bridge, "say", { text: `${n}${text}` }),
    );
    await sleep(20);
    block(500);
    const answers = await Promise.all([...texts, ...more]);
    for (const [n, answer] of answers.entries()) expect(answer === `${n % 60}${text}`).toBe(true);
    expect((await Promise.all(pings)).every(({ status }) => status === "ok")).toBe(true);
  });
});

describe("a thousand calls at once", () => {
  it("15: of nothing to two megabytes get their own answers", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    const outcome = await concurrentCalls(bridge, { calls: 1_000, mostBytes: 2e6, seed: 15 });
    expect(outcome.wrong).toBe(0);
    expect(outcome.bytes).toBeGreaterThan(100 * MB);
    // What the caller has sent is in the arena, and nowhere else.
    expect(outcome.nodeRise).toBeLessThan(outcome.bytes);
    expect(outcome.pythonRise).toBeLessThan(outcome.arenaBytes + 32 * MB);
    expect(bridge.stats()).toMatchObject({ waiting: 0, arenaUsed: 0, starts: 1 });
  });
});

describe("lines that no client writes", () => {
  it("11: ten thousand of them end nothing, hang nothing, and leave memory as it was", async () => {
    const outcome = await fuzzLines(10_000, 11);
    expect(outcome).toMatchObject({ lines: 10_000, garbled: 0, exitCode: 0 });
    expect(outcome.answers).toBeGreaterThan(9_000);
    expect(outcome.bytesAtEnd).toBeLessThan(outcome.bytesAtTenth * 1.05 + 5e6);
  });
});
