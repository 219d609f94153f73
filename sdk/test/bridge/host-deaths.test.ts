/** What survives a client, and what survives a host. */
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { isAlive } from "./fake-python.ts";
import { featuresOf, tone } from "./fbank.ts";
import { attach, kill, runClient, sharedFiles, statusOf, stop, useOwnHosts } from "./hosts.ts";
import { backwards, lightPython } from "./light-python.ts";

useOwnHosts();

describe("a client that is killed with its whole process group in the middle of a call", () => {
  it("leaves the process and its models to the next client, and no memory of its own", async () => {
    const { child, lines } = runClient(`
      import { longWork } from ${JSON.stringify(join(import.meta.dirname, "fbank.ts"))};
      const bridge = new GAMABridge({ transport: "attach", host: { name: "kept" } });
      await bridge.executeOperation("load_model", { model: "wav2vec2-tiny" });
      print(bridge.stats());
      await bridge.executeOperation("extract_features", longWork(), { onProgress: () => print("works") });
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

describe("a host that dies", () => {
  const python = lightPython();

  it("costs no call: another one starts in its place, over the socket that it left", async () => {
    const { bridge } = attach("mortal", { python });
    await using _ = bridge;
    const expected = await backwards(bridge, tone);
    expect(expected).toEqual(tone.toReversed());
    const { pid, host } = bridge.stats();
    const calls = [backwards(bridge, tone), backwards(bridge, tone)];
    kill(host?.pid);
    expect(await Promise.all(calls)).toEqual([expected, expected]);
    expect(bridge.stats().host?.pid).not.toBe(host?.pid);
    await expect.poll(() => isAlive(pid ?? 0)).toBe(false);
  });

  it("or hangs, is killed by the client whose process does not answer", async () => {
    const watchdog = { pingAfterMs: 200, unresponsiveAfterMs: 1_000 };
    const { bridge, remarks } = attach("mortal", { python, watchdog });
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
