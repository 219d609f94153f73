/** What is left when a client, its bridge or the host comes to an end. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fakePython, isAlive } from "./fake-python.ts";
import { tone } from "./fbank.ts";
import { attach, runClient, sharedFiles, socketOf, stop, useOwnHosts } from "./hosts.ts";
import { backwards, lightPython } from "./light-python.ts";

const folder = useOwnHosts();

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
    const { bridge } = attach("idle", {
      host: { name: "idle", idleMs: 100 },
      python: lightPython(),
    });
    expect(await backwards(bridge, tone)).toEqual(tone.toReversed());
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
