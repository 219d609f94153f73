/** What a client does to its host, and through it to the others: nothing. */
import { fstatSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HostedPython } from "../../bridge/host/hosted-python.ts";
import { DataPlane } from "../../bridge/plane.ts";
import { isAlive } from "./fake-python.ts";
import { attach, runClient, statusOf, useOwnHosts } from "./hosts.ts";
import { ask, lightPython } from "./light-python.ts";

useOwnHosts();
const python = lightPython();
const MIB = 2 ** 20;

describe("a client that goes while Python reads its arrays", () => {
  it("by itself, leaves the process to the others", async () => {
    const [{ bridge: a }, { bridge: b }] = [attach("read", { python }), attach("read", { python })];
    await using _b = b;
    await Promise.all([a.initialize(), b.initialize()]);
    const { pid } = b;
    const tensor = new Float32Array(48 * MIB).fill(1); // 192 MiB
    const call = ask(a, "canary", { tensor, value: 1, seconds: 3, heeds: false });
    call.catch(() => undefined);
    await expect.poll(async () => (await b.executeOperation("ping", {})).busy).toBe(true);
    await a.shutdown();
    await expect(call).rejects.toMatchObject({ code: "closed" });
    expect(await ask(b, "say", { text: "alive" })).toBe("alive");
    expect(await ask(b, "torn")).toBe(0);
    expect([b.pid, b.stats().starts]).toEqual([pid, 1]);
  });

  it("by losing its host, never makes the file shorter than Python has mapped it", () => {
    const plane = new DataPlane("shared_memory", undefined, false);
    const placed = plane.placeAll(true, (place) => place(new Uint8Array(192 * MIB)));
    const { size } = fstatSync(plane.inputFd ?? -1);
    plane.free(placed?.slots ?? []);
    expect(size).toBeGreaterThanOrEqual(192 * MIB);
    expect(fstatSync(plane.inputFd ?? -1).size).toBe(size);
    plane.close();
  });
});

describe("a Python that hangs, and whose host has no more room for what it is asked", () => {
  const calls = `
    for (let n = 0; n < 40; n += 1) { // 16 MB
      bridge.executeOperation("extract_features", { audio: { samples: new Float32Array(100_000), sample_rate: 16_000 } })
        .catch(() => {});
    }`;

  it("does not keep its host alive when its client is killed", async () => {
    const { child, lines } = runClient(`
      const bridge = new GAMABridge({ transport: "attach", host: { name: "orphan", idleMs: 1_000 },
        python: ${JSON.stringify(python)}, plane: "json" });
      await bridge.initialize();
      print(bridge.stats());
      process.kill(bridge.pid, "SIGSTOP");
      ${calls}
      setTimeout(() => print("sent"), 500);
      setInterval(() => {}, 1_000);`);
    await expect.poll(() => lines.includes("sent")).toBe(true);
    const [{ pid, host }] = lines as [{ pid: number; host: { pid: number } }];
    expect((await statusOf("orphan")).clients).toEqual([child.pid]);
    child.kill("SIGKILL");
    await expect.poll(() => [pid, host.pid].map(isAlive)).toEqual([false, false]);
  });

  it("is killed by its client's watchdog, and the host lives on", async () => {
    const watchdog = { pingAfterMs: 200, unresponsiveAfterMs: 1_000 };
    const { bridge, remarks } = attach("full", { python, watchdog, plane: "json" });
    await using _ = bridge;
    await bridge.initialize();
    const { pid, host } = bridge.stats();
    process.kill(pid ?? 0, "SIGSTOP");
    const audio = { samples: new Float32Array(100_000), sample_rate: 16_000 };
    const asked = Array.from({ length: 40 }, () =>
      bridge.executeOperation("extract_features", { audio }),
    );
    expect(await Promise.all(asked)).toHaveLength(40);
    expect(remarks[0]).toMatch(/neither answered nor computed/);
    expect(bridge.stats()).toMatchObject({ host, starts: 2 });
  });
});

describe("a client that does not read", () => {
  const open = `
    const bridge = new GAMABridge({ transport: "attach", host: { name: "unread" },
      python: ${JSON.stringify(python)}, plane: "json",
      onLog: ({ text }) => { if (/left out/.test(text)) print(text); } });
    await bridge.initialize();
    setInterval(() => {}, 1_000);`;

  it("misses remarks, which are counted and told when it reads again", async () => {
    const { bridge } = attach("unread", { python });
    await using _ = bridge;
    const { child, lines } = runClient(`${open} print("up");`);
    await expect.poll(() => lines.includes("up")).toBe(true);
    child.kill("SIGSTOP");
    // 20 MB; of many at a time Python itself leaves some out.
    for (let call = 0; call < 200; call += 1) await ask(bridge, "chatter", { count: 50 });
    child.kill("SIGCONT");
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[1]).toMatch(/^\d+ remark\(s\) were left out: this process was too slow/);
    child.kill("SIGKILL");
  });

  it("is given up where its answers pile up, and learns why; the others keep their process", async () => {
    const { bridge } = attach("unread", { python });
    await using _ = bridge;
    await bridge.initialize();
    const { pid } = bridge;
    const { child, lines } = runClient(`${open}
      const calls = Array.from({ length: 60 }, () => bridge.executeOperation("text", { count: 6e6 }));
      Promise.allSettled(calls).then((all) => print(all.map(({ reason }) => String(reason)).at(-1)));
      setImmediate(() => { print("sent"); process.kill(process.pid, "SIGSTOP"); });`);
    await expect.poll(() => lines.includes("sent")).toBe(true);
    expect(await ask(bridge, "say", { text: "after them" })).toBe("after them");
    child.kill("SIGCONT");
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[1]).toMatch(/^HostError: this process did not read its answers: more than \d+ MB/);
    expect([bridge.pid, bridge.stats().starts]).toEqual([pid, 1]);
    child.kill("SIGKILL");
  });
});

it("a Python that cannot even be spawned leaves no file open", () => {
  const before = readdirSync("/proc/self/fd").length;
  expect(() => new HostedPython("no\0path", "shared_memory")).toThrow("null bytes");
  expect(readdirSync("/proc/self/fd")).toHaveLength(before);
});
