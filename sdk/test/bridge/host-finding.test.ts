/** How a host is found or started, and where its socket lies. */
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { socketPath } from "../../bridge/host/address.ts";
import { listHosts } from "../../bridge/host/control.ts";
import { HostError, InvalidArgumentError, ProcessStartError } from "../../errors.ts";
import { isAlive } from "./fake-python.ts";
import { attach, kill, runClient, socketOf, stop, useOwnHosts } from "./hosts.ts";

const folder = useOwnHosts();

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
