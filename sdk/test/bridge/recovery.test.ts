/** What a crash of the process costs: nothing but time. Numbers are those of the list of faults. */
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { LogEntry } from "../../bridge/log-entry.ts";
import { ClosedError, ProcessExitError } from "../../errors.ts";
import { fakePython, isAlive } from "./fake-python.ts";
import { backwards, lightPython } from "./light-python.ts";
import { longForm } from "./long-form.ts";
import { sharedDescriptors } from "./rounds/many-calls.ts";

const RATE = 16_000;
const tone = Float32Array.from({ length: RATE }, (_, index) => Math.sin(index / 10) / 2);
const PATIENCE = 60_000;

/** A bridge whose remarks are kept, and not printed. */
function quietBridge(options: ConstructorParameters<typeof GAMABridge>[0] = {}): {
  bridge: GAMABridge;
  remarks: string[];
} {
  const remarks: string[] = [];
  const onLog = ({ source, text }: LogEntry): void => {
    if (source === "bridge") remarks.push(text);
  };
  return { bridge: new GAMABridge({ onLog, ...options }), remarks };
}

async function featuresOf(bridge: GAMABridge): Promise<Float32Array> {
  const { features } = await bridge.executeOperation("extract_features", {
    audio: { samples: tone, sample_rate: RATE },
    model: "fbank",
  });
  if (Array.isArray(features)) throw new Error("expected a tensor");
  return features.data as Float32Array; // the protocol: features are float32
}

function kill(bridge: GAMABridge): void {
  process.kill(bridge.pid ?? 0, "SIGKILL");
}

/** A fake that ends itself in a run of its life, and answers in the next ones. */
function mortalFake(firstLife: string): string {
  const mark = join(mkdtempSync(join(tmpdir(), "lives-")), "lived");
  return fakePython(`
    const fs = require("node:fs");
    const isFirst = !fs.existsSync(${JSON.stringify(mark)});
    fs.writeFileSync(${JSON.stringify(mark)}, "");
    const die = () => process.kill(process.pid, "SIGKILL");
    ready();
    onRequest(({ id }) => {
      const answer = JSON.stringify({ id, result: { answer: id } }) + "\\n";
      if (isFirst) { ${firstLife} } else process.stdout.write(answer);
    });`);
}

describe("a process that is killed with -9", { timeout: PATIENCE }, () => {
  it("1: before it is ready: another one answers", async () => {
    const { bridge } = quietBridge({ python: lightPython() });
    await using _ = bridge;
    const ready = bridge.initialize();
    const features = backwards(bridge, tone);
    kill(bridge);
    expect((await ready).pid).toBe(bridge.pid);
    expect(await features).toEqual(tone.toReversed());
    expect(bridge.stats()).toMatchObject({ starts: 2, waiting: 0, arenaUsed: 0 });
  });

  it("2: while it is idle: the next call has a new one, with the same models loaded", async () => {
    const { bridge, remarks } = quietBridge();
    await using _ = bridge;
    const expected = await featuresOf(bridge);
    await bridge.executeOperation("load_model", { model: "mfcc-20" });
    await bridge.executeOperation("load_model", { model: "fbank" });
    await bridge.executeOperation("unload_model", { model_id: "fbank" });
    kill(bridge);
    await expect.poll(() => bridge.pid).toBeUndefined();
    expect(remarks).toEqual([]); // nobody waited
    expect(await featuresOf(bridge)).toEqual(expected);
    const { models } = await bridge.executeOperation("status", {});
    expect(models.map(({ model_id }) => model_id)).toEqual(["mfcc-20", "fbank"]);
  });

  it("3: with half of a request's line on its way: the request is sent again, whole", async () => {
    const { bridge } = quietBridge();
    await using _ = bridge;
    await bridge.initialize();
    const audio = Array.from({ length: 20 * RATE }, (_unused, index) => tone[index % RATE] ?? 0);
    const call = bridge.executeOperation("extract_features", { audio, model: "fbank" });
    kill(bridge); // the line has megabytes, the pipe 64 kB
    const { shape } = await call;
    expect(shape).toEqual([256]);
  });

  it("4, 5: with a call running and others queued: each gets its own answer, bit for bit", async () => {
    const { bridge, remarks } = quietBridge({ python: lightPython() });
    await using _ = bridge;
    const clips = Array.from({ length: 30 }, (_unused, index) => tone.map((x) => x * index));
    const expected = [];
    for (const clip of clips) expected.push(await backwards(bridge, clip));
    const audio = join(mkdtempSync(join(tmpdir(), "running-")), "begun");
    const running = bridge.executeOperation("extract_features", { audio });
    const calls = clips.map((clip) => backwards(bridge, clip));
    await expect.poll(() => existsSync(audio)).toBe(true); // Python works on it
    kill(bridge);
    expect(await running).toEqual({ value: "read" });
    expect(await Promise.all(calls)).toEqual(expected);
    const { repeated, starts, arenaUsed, abandoned } = bridge.stats();
    expect({ starts, arenaUsed, abandoned }).toEqual({ starts: 2, arenaUsed: 0, abandoned: 0 });
    expect(repeated).toBe(31);
    expect(remarks).toEqual([
      "The Python process died of SIGKILL. A new one starts; 31 call(s) are repeated.",
    ]);
  });

  it("6: in the middle of an answer's line: the half is dropped, the call is asked again", async () => {
    const { bridge } = quietBridge({
      python: mortalFake("process.stdout.write(answer.slice(0, 12), die);"),
    });
    await using _ = bridge;
    expect(await bridge.executeOperation("status", {})).toEqual({ answer: 1 });
    expect(bridge.stats()).toMatchObject({ starts: 2, repeated: 1 });
  });

  it("7: after an answer was written, before it was read: the answer counts", async () => {
    const { bridge } = quietBridge({ python: mortalFake("process.stdout.write(answer, die);") });
    await using _ = bridge;
    expect(await bridge.executeOperation("status", {})).toEqual({ answer: 1 });
    expect(bridge.stats()).toMatchObject({ repeated: 0 });
  });
});

const POISON = `
import ctypes, sys
def hook(event, args):
    if event == "open" and "poison" in str(args[0]):
        ctypes.string_at(0)
sys.addaudithook(hook)
`;

describe("a request of which the process dies", { timeout: PATIENCE }, () => {
  it("9: is tried twice and then blamed, with signal and stack; fifty others get their answers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "poison-"));
    writeFileSync(join(folder, "sitecustomize.py"), POISON);
    writeFileSync(join(folder, "poison.wav"), "RIFF");
    const paths = [folder, process.env["PYTHONPATH"]].filter(Boolean).join(":");
    const { bridge } = quietBridge({ python: lightPython(), env: { PYTHONPATH: paths } });
    await using _ = bridge;
    const good = (): Promise<Float32Array> => backwards(bridge, tone);
    const calls = Array.from({ length: 25 }, good);
    const poison = bridge.executeOperation("extract_features", {
      audio: join(folder, "poison.wav"),
      model: "fbank",
    });
    calls.push(...Array.from({ length: 25 }, good));
    await expect(poison).rejects.toBeInstanceOf(ProcessExitError);
    await expect(poison).rejects.toMatchObject({
      operation: "extract_features",
      signal: "SIGSEGV",
      attempts: 2,
      stderrTail: expect.stringContaining("Fatal Python error: Segmentation fault"),
    });
    for (const features of await Promise.all(calls)) expect(features).toEqual(tone.toReversed());
    expect(bridge.stats()).toMatchObject({ starts: 3, waiting: 0, arenaUsed: 0 });
  });

  it("9: is not the one that it never began, also where it had answered nothing", async () => {
    const { bridge } = quietBridge({ python: lightPython(), restart: { maxAttempts: 1 } });
    await using _ = bridge;
    const { pid } = await bridge.initialize();
    process.kill(pid, "SIGSTOP");
    const calls = [1, 2].map(() => backwards(bridge, tone));
    const status = bridge.executeOperation("status", {});
    kill(bridge);
    expect(await Promise.all(calls)).toEqual([tone.toReversed(), tone.toReversed()]);
    expect((await status).models).toEqual([]);
    expect(bridge.stats()).toMatchObject({ starts: 2, repeated: 3, waiting: 0, arenaUsed: 0 });
  });

  it("8: a process that dies of everything is not started for ever", async () => {
    const { bridge } = quietBridge({
      python: fakePython("ready(); onRequest(() => process.kill(process.pid, 'SIGKILL'));"),
      restart: { maxCrashesPerMinute: 3 },
    });
    await using _ = bridge;
    const calls = await Promise.allSettled(
      [1, 2, 3, 4].map(() => bridge.executeOperation("status", {})),
    );
    for (const call of calls) {
      const reason: unknown = call.status === "rejected" ? call.reason : undefined;
      expect(reason).toBeInstanceOf(ProcessExitError);
      expect(reason).toMatchObject({ attempts: 0 }); // its mark says that it began none of them
      expect(String(reason)).toContain("processes die too often");
    }
    expect(bridge.stats().starts).toBe(3);
    const next = bridge.executeOperation("status", {});
    await expect(next).rejects.toThrow("none is started for up to a minute");
    expect(bridge.stats().starts).toBe(3);
  });
});

describe("between two processes", { timeout: PATIENCE }, () => {
  /** A bridge whose process has just died of a call for the first time, and waits with the second. */
  async function waitingBridge(): Promise<{ bridge: GAMABridge; call: Promise<unknown> }> {
    const { bridge, remarks } = quietBridge({
      python: fakePython("ready(); onRequest(() => process.kill(process.pid, 'SIGKILL'));"),
      restart: { maxAttempts: 9 },
    });
    const call = bridge.executeOperation("status", {});
    call.catch(() => undefined);
    await expect.poll(() => remarks.at(-1)).toContain("starts in 0.2 s");
    return { bridge, call };
  }

  it("24: a shutdown rejects what waits, and starts nothing any more", async () => {
    const { bridge, call } = await waitingBridge();
    const { starts } = bridge.stats();
    await bridge.shutdown();
    await expect(call).rejects.toThrow(ClosedError);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(bridge.stats()).toMatchObject({ starts, pid: undefined });
  });

  it("26: a call that is given up is not asked again", async () => {
    const { bridge } = await waitingBridge();
    await using _ = bridge;
    const controller = new AbortController();
    const call = bridge.executeOperation("ping", {}, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    expect(bridge.stats()).toMatchObject({ waiting: 1, abandoned: 0 });
  });
});

describe("a process that says nothing", { timeout: PATIENCE }, () => {
  const watchdog = { pingAfterMs: 200, unresponsiveAfterMs: 1_500 };

  it("19: and goes on later is left alone", async () => {
    const { bridge, remarks } = quietBridge({
      python: lightPython(),
      watchdog: { ...watchdog, unresponsiveAfterMs: 30_000 },
    });
    await using _ = bridge;
    await backwards(bridge, tone);
    process.kill(bridge.pid ?? 0, "SIGSTOP");
    const call = backwards(bridge, tone);
    setTimeout(() => process.kill(bridge.pid ?? 0, "SIGCONT"), longForm(1_000, 20_000));
    expect(await call).toEqual(tone.toReversed());
    expect(bridge.stats().starts).toBe(1);
    expect(remarks).toEqual([]);
  });

  it("19: and does nothing is killed, and its calls are repeated", async () => {
    const { bridge, remarks } = quietBridge({ python: lightPython(), watchdog });
    await using _ = bridge;
    const expected = await backwards(bridge, tone);
    process.kill(bridge.pid ?? 0, "SIGSTOP");
    expect(await backwards(bridge, tone)).toEqual(expected);
    expect(bridge.stats().starts).toBe(2);
    expect(remarks[0]).toMatch(/neither answered nor computed for \d+ s: it is killed/);
  });
});

it(
  "24: a shutdown leaves no clock behind that tells of calls given up before it",
  async () => {
    const { bridge, remarks } = quietBridge({ python: mortalFake(""), cancelGraceMs: 300 });
    const controller = new AbortController();
    const givenUp = bridge.executeOperation("ping", {}, { signal: controller.signal });
    await bridge.initialize();
    controller.abort(new Error("enough"));
    await expect(givenUp).rejects.toThrow("enough");
    await bridge.shutdown();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(remarks).toEqual([]);
  },
  PATIENCE,
);

it(
  "25: nothing is left of a bridge that restarted its process and was shut down",
  async () => {
    const { bridge } = quietBridge({ python: lightPython() });
    await backwards(bridge, tone);
    const first = bridge.pid ?? 0;
    kill(bridge);
    await backwards(bridge, tone);
    const second = bridge.pid ?? 0;
    await bridge.shutdown();
    expect([first, second].map(isAlive)).toEqual([false, false]);
    expect(sharedDescriptors(process.pid)).toBe(0);
  },
  PATIENCE,
);
