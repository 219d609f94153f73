/** What libraries and the machine do to the process. Numbers are those of the faults. */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { PythonProcess } from "../../bridge/python-process.ts";
import { ProcessStartError } from "../../errors.ts";
import { fakePython, isAlive } from "./fake-python.ts";
import { ask, backwards, lightBridge, lightPython } from "./light-python.ts";

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
    expect(entriesOfGroup(pid)).toEqual([]);
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
    expect(await ask(bridge, "hold", { seconds: 2.5 })).toBe(true);
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
    expect(await ask(bridge, "block", { seconds: 1 })).toBe(0);
    expect(entries).toEqual([]);
    expect(bridge.stats().starts).toBe(1);
  });

  it("20: with a loop of Python answers pings meanwhile, and nobody is told anything", async () => {
    const { bridge, entries } = lightBridge({ watchdog });
    await using _ = bridge;
    const spinning = ask(bridge, "spin", { seconds: 2 });
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

/** Shell commands, in a mount namespace of their own, that make /dev/shm what the test wants. */
const SHARED_MEMORY: readonly (readonly [string, string, "shared_memory" | "file", string])[] = [
  ["that is full", "mount -t tmpfs -o size=1m tmpfs /dev/shm; fill", "file", "answered"],
  ["of one megabyte", "mount -t tmpfs -o size=1m tmpfs /dev/shm", "shared_memory", "out_of_memory"],
  ["of two", "mount -t tmpfs -o size=2100k tmpfs /dev/shm", "shared_memory", "out_of_memory"],
  ["that can only be read", "mount -t tmpfs -o ro tmpfs /dev/shm", "file", "answered"],
  ["that is not there", "hide", "file", "answered"],
  ["without execution", "mount -t tmpfs -o noexec tmpfs /dev/shm", "shared_memory", "answered"],
];
const SHELL = `
fill() { head -c 1048576 /dev/zero > /dev/shm/full || true; }
hide() {
  mkdir "$1/dev"; mount --rbind /dev "$1/dev"; mount -t tmpfs tmpfs /dev
  for name in null zero urandom random; do touch /dev/$name; mount --bind "$1/dev/$name" /dev/$name; done
  ln -s /proc/self/fd /dev/fd
}
`;
const namespaces = spawnSync("unshare", ["-rm", "true"]).status === 0;
if (!namespaces)
  console.log("21: skipped, this machine lets nobody make a mount namespace (unshare)");

describe.skipIf(!namespaces)("shared memory", () => {
  const TEST = `
    const { bridge } = lightBridge();
    const small = Float32Array.from({ length: 1_000 }, (_x, n) => n);
    const large = Float32Array.from({ length: 600_000 }, (_x, n) => n); // 2.4 MB
    const isRight = (a, b) => Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.toReversed().buffer)) === 0;
    const right = [];
    for (const samples of [small, large, small]) right.push(isRight(await backwards(bridge, samples), samples));
    const huge = await backwards(bridge, new Float32Array(9_000_000)).then(() => "answered", ({ code }) => code);
    right.push(isRight(await backwards(bridge, small), small));
    const { plane, planeReason, starts, arenaUsed } = bridge.stats();
    console.log(JSON.stringify({ right, huge, plane, reason: planeReason !== undefined, starts, arenaUsed }));
    await bridge.shutdown();`;

  it.each(SHARED_MEMORY)(
    "21: %s costs no answer and no process; another way is taken, or an error says so",
    async (_kind, mounts, plane, huge) => {
      const folder = mkdtempSync(join(tmpdir(), "shared-memory-"));
      const path = join(import.meta.dirname, "light-python.ts");
      const script = `import { backwards, lightBridge } from ${JSON.stringify(path)};\n${TEST}`;
      const command = `${SHELL}\nset -e\nset -- ${folder}\n${mounts.replace("hide", `hide ${folder}`)}\nexec "$NODE" --input-type=module -e "$SCRIPT"`;
      const { stdout } = await promisify(execFile)("unshare", ["-rm", "sh", "-c", command], {
        env: { ...process.env, NODE: process.execPath, SCRIPT: script },
        timeout: 60_000,
      });
      const outcome = JSON.parse(stdout);
      expect(outcome).toMatchObject({
        right: [true, true, true, true],
        plane,
        starts: 1,
        arenaUsed: 0,
      });
      expect(outcome.reason).toBe(plane === "file");
      expect(outcome.huge).toBe(huge);
    },
  );
});

describe("memory that is not there", () => {
  it("22: is a typed error of its call; process and model live on", async () => {
    const { bridge } = lightBridge({ python: lightPython("ulimit -v 3000000") });
    await using _ = bridge;
    await backwards(bridge, samples);
    const pid = bridge.pid;
    const call = ask(bridge, "hoard", { count: 8_000_000_000 });
    await expect(call).rejects.toMatchObject({
      code: "out_of_memory",
      cause: { name: "MemoryError" },
    });
    await expect(call).rejects.toThrow("Ask for less at once");
    for (const kind of ["memory", "allocator"]) {
      await expect(ask(bridge, "fail", { kind })).rejects.toMatchObject({ code: "out_of_memory" });
    }
    expect(await backwards(bridge, samples)).toEqual(samples.toReversed());
    expect(bridge.pid).toBe(pid);
  });

  it("22: for which the kernel kills the process twice is told with the signal", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    await expect(ask(bridge, "die")).rejects.toMatchObject({
      code: "process_exit",
      signal: "SIGKILL",
    });
    expect(await backwards(bridge, samples)).toEqual(samples.toReversed());
  });
});

describe("a Python that cannot be used", () => {
  const many = (bridge: GAMABridge): Promise<PromiseSettledResult<unknown>[]> =>
    Promise.allSettled([1, 2, 3].map(() => bridge.executeOperation("status", {})));

  it.each([
    ["no file", "/no/such/python", "there is no such program"],
    ["a file without rights", fileWithoutRights(), "it may not be executed"],
    [
      "too old",
      fakePython(`if (process.argv[2] === "-c") console.log('{"version": [3, 8, 10], "found": true}');
        else process.exitCode = 1;`),
      "it is Python 3.8.10; 3.11 or newer is needed",
    ],
    [
      "without our package",
      fakePython(`if (process.argv[2] === "-c") console.log('{"version": [3, 12, 1], "found": false}');
        else process.exitCode = 1;`),
      "it has no package `gama_operations`",
    ],
  ])(
    "23: %s is one clear error for each call, and is not tried again and again",
    async (_kind, python, said) => {
      await using bridge = new GAMABridge({ python });
      for (const call of await many(bridge)) {
        const error: unknown = call.status === "rejected" ? call.reason : undefined;
        expect(error).toBeInstanceOf(ProcessStartError);
        expect(String(error)).toContain(said);
        expect(String(error)).toContain("npm run setup");
      }
      expect(bridge.stats()).toMatchObject({ starts: 1, waiting: 0 });
    },
  );

  it("23: without torch has an error for what needs torch, and goes on with the rest", async () => {
    const folder = mkdtempSync(join(tmpdir(), "no-torch-"));
    mkdirSync(join(folder, "torch"));
    const absent = 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")\n';
    writeFileSync(join(folder, "torch", "__init__.py"), absent);
    const paths = [folder, process.env["PYTHONPATH"]].filter(Boolean).join(":");
    const { bridge } = lightBridge({ env: { PYTHONPATH: paths } });
    await using _ = bridge;
    const load = bridge.executeOperation("load_model", { model: "wav2vec2-tiny" });
    await expect(load).rejects.toThrow("No module named 'torch'");
    await expect(load).rejects.toThrow("npm run setup");
    expect(await backwards(bridge, samples)).toEqual(samples.toReversed());
    expect(bridge.stats().starts).toBe(1);
  });

  it("23: for want of descriptors is a clear error, and works when there are some again", async () => {
    const path = join(import.meta.dirname, "light-python.ts");
    const script = `
      import { closeSync, openSync } from "node:fs";
      import { backwards, lightBridge } from ${JSON.stringify(path)};
      const { bridge } = lightBridge();
      const taken = [];
      try { for (;;) taken.push(openSync("/dev/null")); } catch {}
      const failure = await backwards(bridge, Float32Array.of(1)).catch((error) => error);
      for (const descriptor of taken) closeSync(descriptor);
      const answer = await backwards(bridge, Float32Array.of(1, 2));
      const { starts, plane } = bridge.stats();
      console.log(JSON.stringify({ code: failure.code, text: failure.message, answer: [...answer], starts }));
      await bridge.shutdown();`;
    const command = 'ulimit -n 100; exec "$NODE" --input-type=module -e "$SCRIPT"';
    const { stdout } = await promisify(execFile)("sh", ["-c", command], {
      env: { ...process.env, NODE: process.execPath, SCRIPT: script },
      timeout: 60_000,
    });
    const { code, text, answer } = JSON.parse(stdout);
    expect(code).toBe("process_start");
    expect(text).toContain("EMFILE");
    expect(answer).toEqual([2, 1]);
  });
});

function fileWithoutRights(): string {
  const file = join(mkdtempSync(join(tmpdir(), "no-rights-")), "python");
  writeFileSync(file, "");
  return file;
}

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
    expect(open(bridge.pid).filter((line) => line.includes("/dev/shm")).length).toBeGreaterThan(0);
    expect(open(program).filter((line) => line.includes("/dev/shm"))).toEqual([]);
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
