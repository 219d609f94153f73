/** The process belongs to a host: what survives a client, what is kept apart, and what is left in the end. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { socketPath } from "../../bridge/host/address.ts";
import { listHosts } from "../../bridge/host/control.ts";
import { stopHost } from "../../bridge/host/stop-host.ts";
import {
  HostError,
  InvalidArgumentError,
  ProcessExitError,
  ProcessStartError,
} from "../../errors.ts";
import { fakePython, isAlive } from "./fake-python.ts";
import { attach, runClient, socketOf, useOwnHosts } from "./hosts.ts";
import { backwards, lightPython } from "./light-python.ts";

const folder = useOwnHosts();
const RATE = 16_000;
const tone = Float32Array.from({ length: RATE }, (_, index) => Math.sin(index / 10) / 2);
/** Enough work that a call still runs when the test interferes. */
const LONG = {
  audios: new Array(40).fill({
    samples: new Float32Array(30 * RATE).fill(0.1),
    sample_rate: RATE,
  }),
  model: "fbank",
  batch_size: 1,
};
const LONG_SOURCE = `{
  audios: new Array(40).fill({ samples: new Float32Array(${30 * RATE}).fill(0.1), sample_rate: ${RATE} }),
  model: "fbank", batch_size: 1 }`;

async function featuresOf(bridge: GAMABridge, gain = 1): Promise<Float32Array> {
  const { features } = await bridge.executeOperation("extract_features", {
    audio: { samples: tone.map((x) => x * gain), sample_rate: RATE },
    model: "fbank",
  });
  return Array.isArray(features)
    ? Float32Array.from(features as number[])
    : (features.data as Float32Array); // the protocol: features are float32
}

async function statusOf(name: string) {
  const found = (await listHosts()).find((host) => host.name === name);
  if (found?.status === undefined) throw new Error(`the host ${name} does not answer`);
  return found.status;
}

async function stop(name: string): Promise<void> {
  for (const host of await listHosts()) if (host.name === name) await stopHost(host);
}

/** What a test kills must be there: 0 would be its own process group. */
function kill(pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): void {
  if (!pid) throw new Error("there is no process to kill");
  process.kill(pid, signal);
}

/** Files in shared memory that a process has open. */
function sharedFiles(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return [...new Set(links.filter((link) => link.startsWith("/dev/shm/")))].toSorted();
}

describe("a client that is killed with its whole process group in the middle of a call", () => {
  it("leaves the process and its models to the next client, and no memory of its own", async () => {
    const { child, lines } = runClient(`
      const bridge = new GAMABridge({ transport: "attach", host: { name: "kept" } });
      await bridge.executeOperation("load_model", { model: "wav2vec2-tiny" });
      print(bridge.stats());
      await bridge.executeOperation("extract_features", ${LONG_SOURCE}, { onProgress: () => print("works") });
      setInterval(() => {}, 1_000); // should it be faster than the test
    `);
    onTestFinished(() => {
      if (child.exitCode === null && child.signalCode === null) kill(child.pid && -child.pid);
    });
    // Torch and a model are loaded first.
    await expect.poll(() => lines.includes("works"), { timeout: 120_000 }).toBe(true);
    const [{ pid, host }] = lines as [{ pid: number; host: { pid: number } }];
    kill(child.pid && -child.pid);

    const { bridge } = attach("kept");
    await using _ = bridge;
    expect((await bridge.initialize()).pid).toBe(pid);
    expect(bridge.stats()).toMatchObject({
      pid,
      host,
      plane: "shared_memory",
      planeReason: undefined,
    });
    const { models } = await bridge.executeOperation("status", {});
    expect(models.map(({ model_id }) => model_id)).toContain("wav2vec2-tiny");
    expect(await featuresOf(bridge)).toHaveLength(256);
    await expect.poll(async () => (await statusOf("kept")).clients).toEqual([process.pid]);
    // Of the host: its log, the mark and the output arena; and our arena, not the dead client's.
    await expect.poll(() => sharedFiles(host.pid)).toHaveLength(4);
    await expect.poll(() => sharedFiles(pid)).toHaveLength(3);
  }, 180_000);
});

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
    const givenUp = a.executeOperation("extract_features", LONG, { signal: controller.signal });
    const kept = b.executeOperation("extract_features", { ...LONG, audios: LONG.audios.slice(30) });
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
    const env = { PYTHONPATH: paths };
    const [{ bridge: a }, { bridge: b }] = [attach("poison", { env }), attach("poison", { env })];
    await using _a = a;
    await using _b = b;
    await b.initialize();
    const good = Array.from({ length: 10 }, () => featuresOf(b));
    const bad = a.executeOperation("extract_features", { audio: poison, model: "fbank" });
    await expect(bad).rejects.toBeInstanceOf(ProcessExitError);
    await expect(bad).rejects.toMatchObject({
      signal: "SIGSEGV",
      attempts: 2,
      stderrTail: expect.stringContaining("Segmentation fault"),
    });
    for (const features of await Promise.all(good)) expect(features).toHaveLength(256);
    await stop("poison");
  });
});

describe("a host that dies", () => {
  it("costs no call: another one starts in its place, over the socket that it left", async () => {
    const { bridge } = attach("mortal");
    await using _ = bridge;
    const expected = await featuresOf(bridge);
    const { pid, host } = bridge.stats();
    const calls = [featuresOf(bridge), featuresOf(bridge)];
    kill(host?.pid);
    expect(await Promise.all(calls)).toEqual([expected, expected]);
    expect(bridge.stats().host?.pid).not.toBe(host?.pid);
    await expect.poll(() => isAlive(pid ?? 0)).toBe(false);
  });

  it("or hangs, is killed by the client whose process does not answer", async () => {
    const watchdog = { pingAfterMs: 200, unresponsiveAfterMs: 1_000 };
    const { bridge, remarks } = attach("mortal", { watchdog });
    await using _ = bridge;
    await bridge.initialize();
    const { pid, host } = bridge.stats();
    for (const stopped of [host?.pid, pid]) kill(stopped, "SIGSTOP");
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
    expect(remarks[0]).toMatch(/neither answered nor computed/);
    expect([host?.pid, pid].map((id) => isAlive(id ?? 0))).toEqual([false, false]);
    await stop("mortal");
  });
});

describe("finding a host", () => {
  it("starts one and no more, however many look for it at once, also where a dead one's socket lies", async () => {
    const { bridge: first } = attach("race");
    await first.initialize();
    const { host } = first.stats();
    await first.shutdown();
    kill(host?.pid);
    await expect.poll(() => isAlive(host?.pid ?? 0)).toBe(false);
    expect(existsSync(socketOf(folder, "race"))).toBe(true);
    const source = `
      const bridge = new GAMABridge({ transport: "attach", host: { name: "race" } });
      await bridge.initialize();
      print(bridge.stats().host.pid);
      await bridge.shutdown();`;
    const children = [runClient(source), runClient(source)];
    const bridges = Array.from({ length: 5 }, () => attach("race").bridge);
    await Promise.all(bridges.map((bridge) => bridge.initialize()));
    await expect.poll(() => children.flatMap(({ lines }) => lines)).toHaveLength(2);
    const pids = [
      ...bridges.map((bridge) => bridge.stats().host?.pid),
      ...children.flatMap(({ lines }) => lines),
    ];
    expect(new Set(pids).size).toBe(1);
    await Promise.all(bridges.map((bridge) => bridge.shutdown()));
    await stop("race");
  });

  it("waits for one that is just ending, and starts the next", async () => {
    const pids = new Set();
    for (let round = 0; round < 5; round += 1) {
      const { bridge } = attach("brief", { host: { name: "brief", idleMs: 0 } });
      expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
      pids.add(bridge.stats().host?.pid);
      await bridge.shutdown(); // with which the host ends
    }
    expect(pids.size).toBeGreaterThan(1);
    await expect
      .poll(async () => (await listHosts()).map(({ name }) => name))
      .not.toContain("brief");
  });

  it("succeeds although somebody has removed its socket", async () => {
    const { bridge } = attach("two");
    await using _ = bridge;
    await bridge.initialize();
    rmSync(socketOf(folder, "two"));
    const { bridge: other } = attach("two");
    await using __ = other;
    expect((await other.initialize()).pid).toBe(bridge.pid);
  });

  it("of another kind is an error that says what differs and what to do", async () => {
    const { bridge } = attach("two");
    await using _ = bridge;
    await bridge.initialize();
    const { bridge: other } = attach("two", { env: { GAMA_DEVICE: "cuda" } });
    const refused = other.executeOperation("ping", {});
    await expect(refused).rejects.toBeInstanceOf(HostError);
    await expect(refused).rejects.toThrow("GAMA_DEVICE is not set there, cuda here");
    await expect(refused).rejects.toThrow("`grym-synth stop two`");
    await other.shutdown();
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
  });

  it("whose Python does not exist fails as a process of our own does", async () => {
    const { bridge } = attach("nowhere", { python: "/nowhere/python" });
    const call = bridge.executeOperation("ping", {});
    await expect(call).rejects.toBeInstanceOf(ProcessStartError);
    await expect(call).rejects.toThrow("there is no such program");
    await bridge.shutdown();
    await stop("nowhere");
  });

  it("refuses a name that no file may have, and a host without `attach`", () => {
    expect(() => attach("../up")).toThrow(InvalidArgumentError);
    expect(() => attach("x", { host: { idleMs: -1 } })).toThrow("`host.idleMs`");
    expect(() => new GAMABridge({ host: { name: "x" } })).toThrow("`host`");
  });
});

describe("the socket", () => {
  it("is the user's alone, as is its folder", async () => {
    const { bridge } = attach("two");
    await using _ = bridge;
    await bridge.initialize();
    const mode = (path: string): number => statSync(path).mode & 0o777;
    expect(mode(join(folder, "grym-synth"))).toBe(0o700);
    expect(mode(socketOf(folder, "two"))).toBe(0o600);
  });

  it("lies in the cache folder where there is no runtime folder", async () => {
    const cache = mkdtempSync(join(tmpdir(), "cache-"));
    const { lines } = runClient(
      `const bridge = new GAMABridge({ transport: "attach", host: { name: "cached", idleMs: 0 } });
       await bridge.initialize();
       print(bridge.stats().plane);
       process.exit();`,
      { XDG_RUNTIME_DIR: join(cache, "missing"), GRYM_CACHE: cache },
    );
    const socket = socketPath(join(cache, "run"), "cached");
    await expect.poll(() => existsSync(socket)).toBe(true);
    expect(statSync(join(cache, "run")).mode & 0o777).toBe(0o700);
    await expect.poll(() => lines).toEqual(["shared_memory"]);
    await expect.poll(() => existsSync(socket)).toBe(false);
  });

  it("answers a line that is no request of the SDK's with the reason, and costs nobody else anything", async () => {
    const { bridge } = attach("two");
    await using _ = bridge;
    await bridge.initialize();
    for (const line of ['{"host":', '{"host":"hello"}', '{"host":"attach","data":{"pid":1}}']) {
      const socket = connect(socketOf(folder, "two"));
      let said = "";
      socket.on("data", (chunk) => {
        said += chunk.toString();
      });
      socket.write(`${line}\n`);
      await new Promise((resolve) => socket.once("close", resolve));
      expect(said === "" || said.startsWith('{"host":"refused"')).toBe(true);
    }
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
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

describe("the end", () => {
  it("of a client's bridge leaves the host, and no handle in the client", async () => {
    const { child, lines } = runClient(`
      const open = () => process.getActiveResourcesInfo().filter((name) => /Pipe|Process|Timeout/.test(name));
      const before = open();
      const bridge = new GAMABridge({ transport: "attach", host: { name: "two" } });
      await bridge.executeOperation("ping", {});
      const { host } = bridge.stats();
      await bridge.shutdown();
      for (let turn = 0; turn < 100 && open().length > before.length; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      print([host.pid, before, open()]);
    `);
    await expect.poll(() => child.exitCode).toBe(0);
    const [[host, before, after]] = lines as [[number, string[], string[]]];
    expect(after).toEqual(before);
    expect(isAlive(host)).toBe(true);
  });

  it("of Node comes by itself while an attached bridge is idle", async () => {
    const { child } = runClient(`
      const bridge = new GAMABridge({ transport: "attach", host: { name: "two" } });
      await bridge.executeOperation("ping", {});`);
    await expect.poll(() => child.exitCode).toBe(0);
  });

  it("of the last client is the end of an idle host: no process, no socket, no memory is left", async () => {
    const { bridge } = attach("idle", { host: { name: "idle", idleMs: 100 } });
    await featuresOf(bridge);
    const { pid = 0, host } = bridge.stats();
    const mine = sharedFiles(process.pid);
    await bridge.shutdown();
    await expect.poll(() => [pid, host?.pid ?? 0].map(isAlive)).toEqual([false, false]);
    expect(existsSync(socketOf(folder, "idle"))).toBe(false);
    expect(mine.length - sharedFiles(process.pid).length).toBe(3); // input, output, mark
  });

  it("of a host that is stopped rejects the calls that wait; a later call has another host", async () => {
    // Work that is done within the time that a stopped host gives would be answered.
    const python = fakePython(`ready(); onRequest(({ id, operation }) => {
      if (operation !== "process_audio") send({ id, result: { status: "ok", models: [] } });
    });`);
    const { bridge } = attach("stopped", { python });
    await using _ = bridge;
    await bridge.initialize();
    const { host } = bridge.stats();
    const call = bridge.executeOperation("process_audio", { audio: "clip.wav" });
    call.catch(() => undefined);
    await stop("stopped");
    await expect(call).rejects.toThrow('The host "stopped" was stopped');
    expect(isAlive(host?.pid ?? 0)).toBe(false);
    expect(existsSync(socketOf(folder, "stopped"))).toBe(false);
    expect((await bridge.executeOperation("ping", {})).status).toBe("ok");
    expect(bridge.stats().host?.pid).not.toBe(host?.pid);
    await stop("stopped");
  });
});

it("GRYM_HOST attaches what notebooks use: a restarted one finds its process", async () => {
  const source = `
    const bridge = sharedBridge();
    await bridge.initialize();
    print(bridge.stats().host.name + " " + bridge.pid);`;
  const pids = [];
  for (let run = 0; run < 2; run += 1) {
    const { child, lines } = runClient(source, { GRYM_HOST: "notebook" });
    await expect.poll(() => child.exitCode).toBe(0);
    pids.push(...lines);
  }
  expect(pids[0]).toMatch(/^notebook \d+$/);
  expect(pids[1]).toBe(pids[0]);
});
