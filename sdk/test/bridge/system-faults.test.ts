/** What libraries do to the process, and how it ends. Numbers are those of the faults. */
import { spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { PythonProcess } from "../../bridge/python-process.ts";
import { isAlive } from "./fake-python.ts";
import { ask, backwards, lightBridge } from "./light-python.ts";
import { longForm } from "./long-form.ts";

const samples = Float32Array.of(1, 2, 3);

describe("what libraries print and log", () => {
  it("18: comes as a log with level and source, and never onto the wire", async () => {
    const { bridge, entries } = lightBridge();
    expect(await ask(bridge, "noise")).toBe("done");
    const pid = bridge.pid ?? 0;
    const text = (): string => entries.map((entry) => entry.text).join("");
    const printed = ["print", "os.write", "puts", "printf", "a child", "a forked child", "tqdm"];
    for (const origin of printed) await expect.poll(text).toContain(`forged by ${origin}`);
    await expect.poll(text).toContain("forged by a forked logger");
    const raw = entries.filter(({ source }) => source === "stderr");
    expect(raw.map((entry) => entry.text).join("")).not.toContain("shy library");
    for (const { level, logger } of raw) expect([level, logger]).toEqual(["info", undefined]);
    const records = entries.filter(({ source }) => source === "logging");
    expect(records).toEqual([
      {
        level: "warning",
        source: "logging",
        logger: "py.warnings",
        text: expect.stringContaining("UserWarning: a warning"),
      },
      { level: "error", source: "logging", logger: "shy.library", text: "from a shy library: é🎵" },
      {
        level: "warning",
        source: "logging",
        logger: "loud.library.part",
        text: "from a loud library",
      },
    ]);
    expect(entries.filter(({ source }) => source === "wire")).toEqual([]);
    expect(bridge.stats().discardedLines).toBe(0);
    await bridge.shutdown();
    await expect.poll(() => entriesOfGroup(pid)).toEqual([]); // the forked writer, too
  });

  it("18: stands in the report of a crash in the order in which it came", async () => {
    const { bridge } = lightBridge({ restart: { maxAttempts: 1 } });
    await using _ = bridge;
    await ask(bridge, "log", { message: "the driver is old", level: 40 });
    await ask(bridge, "noise");
    await sleep(50);
    const error: unknown = await ask(bridge, "die").catch((reason: unknown) => reason);
    const { stderrTail } = error as { stderrTail: string };
    const said = [
      "error: some.library: the driver is old",
      "forged by print",
      "error: shy.library: from a shy",
    ];
    const places = said.map((part) => stderrTail.indexOf(part));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places[0]).toBeLessThan(places[1] ?? 0);
  });
});

/** Processes of a group that are not over; the guard that kills it needs a moment. */
function entriesOfGroup(group: number): string[] {
  const { stdout } = spawnSync("ps", ["-eo", "pgid=,stat=,args="], { encoding: "utf8" });
  const lines = stdout.split("\n").map((line) => line.trim().split(/\s+/));
  return lines.filter(([id, state]) => id === String(group) && !state?.startsWith("Z")).map(String);
}

describe("a process that does not answer because it is busy", () => {
  const watchdog = { pingAfterMs: 200, unresponsiveAfterMs: 1_200 };

  it("20: with C code that keeps the interpreter lock is left alone, and the user is told once", async () => {
    const { bridge, entries } = lightBridge({ watchdog });
    await using _ = bridge;
    const pid = (await bridge.initialize()).pid;
    expect(await ask(bridge, "hold", { seconds: longForm(2.5, 20) })).toBe(true);
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
    expect(bridge.pid).toBe(pid);
    const remarks = entries.filter(({ source }) => source === "bridge").map(({ text }) => text);
    expect(remarks).toHaveLength(1);
    expect(remarks[0]).toContain("but computes");
  });

  it("20: with C code that keeps the lock and waits is left alone for as long as it may be silent", async () => {
    const { bridge, entries } = lightBridge({
      watchdog: { ...watchdog, unresponsiveAfterMs: 60_000 },
    });
    await using _ = bridge;
    expect(await ask(bridge, "block", { seconds: longForm(1, 20) })).toBe(0);
    expect(entries).toEqual([]);
    expect(bridge.stats().starts).toBe(1);
  });

  it("20: with a loop of Python answers pings meanwhile, and nobody is told anything", async () => {
    const { bridge, entries } = lightBridge({ watchdog });
    await using _ = bridge;
    const spinning = ask(bridge, "spin", { seconds: longForm(2, 20) });
    const isSpinning = (): boolean => bridge.stats().waiting === 1;
    let pings = 0;
    do {
      const { busy } = await bridge.executeOperation("ping", {});
      if (busy) pings += 1;
      await sleep(20);
    } while (isSpinning());
    expect(await spinning).toBe("span");
    expect(pings).toBeGreaterThan(3);
    expect(entries).toEqual([]);
  });

  it("20: that was given up and does not stop costs its process, and no other call", async () => {
    const { bridge, entries } = lightBridge({ cancelGraceMs: 300 });
    await using _ = bridge;
    const controller = new AbortController();
    const givenUp = ask(bridge, "spin", { seconds: 3_600 }, { signal: controller.signal });
    const other = backwards(bridge, samples);
    await expect.poll(async () => (await bridge.executeOperation("ping", {})).busy).toBe(true);
    controller.abort(new Error("enough"));
    await expect(givenUp).rejects.toThrow("enough");
    expect(await other).toEqual(samples.toReversed());
    expect(bridge.stats()).toMatchObject({ starts: 2, abandoned: 0, arenaUsed: 0 });
    expect(entries.find(({ source }) => source === "bridge")?.text).toBe(
      "`spin` did not stop within 0.3 s of being given up: its process is killed.",
    );
  });
});

describe("the end of a bridge", () => {
  it("24: while a call runs rejects that call, and the process is gone", async () => {
    const { bridge } = lightBridge();
    const running = ask(bridge, "spin", { seconds: 60 });
    const queued = backwards(bridge, samples);
    await expect.poll(async () => (await bridge.executeOperation("ping", {})).busy).toBe(true);
    const pid = bridge.pid ?? 0;
    const closed = bridge.shutdown();
    await expect(running).rejects.toMatchObject({ code: "closed" });
    await expect(queued).rejects.toMatchObject({ code: "closed" });
    // One that is killed while it is waited for is over, too.
    process.kill(pid, "SIGKILL");
    await Promise.all([closed, bridge.shutdown(), bridge[Symbol.asyncDispose]()]);
    expect(isAlive(pid)).toBe(false);
    await expect(backwards(bridge, samples)).rejects.toMatchObject({ code: "closed" });
    await expect(bridge.initialize()).rejects.toMatchObject({ code: "closed" });
    expect(bridge.stats()).toMatchObject({ starts: 1, waiting: 0 });
  });

  it("24: comes with the end of its block", async () => {
    let pid = 0;
    {
      await using bridge = lightBridge().bridge;
      await backwards(bridge, samples);
      pid = bridge.pid ?? 0;
      expect(isAlive(pid)).toBe(true);
    }
    expect(isAlive(pid)).toBe(false);
  });
});

describe("a clock that is set to another day", () => {
  it("30: in the middle of a silent call ends nothing, and starts nothing", async () => {
    const watchdog = { pingAfterMs: 100, unresponsiveAfterMs: 60_000 };
    const { bridge, entries } = lightBridge({ watchdog });
    await using _ = bridge;
    await bridge.initialize();
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      for (const days of [1, -1]) {
        const call = ask(bridge, "block", { seconds: 0.6 }, { timeoutMs: 60_000 });
        await sleep(200);
        vi.setSystemTime(Date.now() + days * 86_400_000);
        expect(await call).toBe(0);
      }
    } finally {
      vi.useRealTimers();
    }
    expect(bridge.stats().starts).toBe(1);
    expect(entries).toEqual([]);
  });
});

describe("two bridges in one Node", () => {
  it("30: have a process each, and get only their own answers", async () => {
    const [{ bridge: a }, { bridge: b }] = [lightBridge(), lightBridge()];
    await using _a = a;
    await using _b = b;
    const clips = Array.from({ length: 40 }, (_clip, n) => Float32Array.of(n, n + 0.5));
    const calls = clips.map((clip, n) => backwards(n % 2 === 0 ? a : b, clip));
    await a.initialize();
    await b.initialize();
    expect(a.pid).not.toBe(b.pid);
    process.kill(a.pid ?? 0, "SIGKILL");
    expect(await Promise.all(calls)).toEqual(clips.map((clip) => clip.toReversed()));
    expect(b.stats().starts).toBe(1);
  });

  it("30: what a library starts inherits no arena and no end of the wire", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    await backwards(bridge, samples);
    const [program, forked] = (await ask(bridge, "grandchild")) as number[];
    const open = (pid = 0): string[] =>
      spawnSync("ls", ["-l", `/proc/${pid}/fd`], { encoding: "utf8" }).stdout.split("\n");
    // Of shared memory and of the reserve.
    const arenas = (pid?: number): string[] =>
      open(pid).filter((line) => /\/dev\/shm\/|\/grym-synth-\S+ \(deleted\)/.test(line));
    expect(arenas(bridge.pid).length).toBeGreaterThan(0);
    expect(arenas(program)).toEqual([]);
    // The streams of the wire are among ours; of them a forked child has only stderr.
    const streams = (pid?: number): Set<string> =>
      new Set(open(pid).flatMap((line) => /socket:\[\d+\]|pipe:\[\d+\]/.exec(line)?.[0] ?? []));
    const inherited = streams(process.pid); // what Node itself was given is no part of the wire
    const ours = [...streams(bridge.pid)].filter((stream) => !inherited.has(stream));
    expect(ours.length).toBeGreaterThanOrEqual(3);
    for (const child of [program, forked]) {
      const theirs = streams(child);
      expect(ours.filter((stream) => theirs.has(stream))).toHaveLength(1);
    }
  });

  it("30: a signal for a process that is over reaches nobody: its number may be used again", async () => {
    const ended = Promise.withResolvers<void>();
    const over = new PythonProcess({
      command: "true",
      args: [],
      env: process.env,
      descriptors: [],
      onOutput: () => undefined,
      onStderr: () => undefined,
      onDrain: () => undefined,
      onEnd: () => ended.resolve(),
    });
    over.ref();
    await ended.promise;
    const sent: unknown[] = [];
    const { kill } = process;
    process.kill = (...signal) => {
      sent.push(signal);
      return true;
    };
    try {
      over.kill("SIGKILL");
      await over.stop();
      await over.destroy();
    } finally {
      process.kill = kill;
    }
    expect(sent).toEqual([]);
  });
});
