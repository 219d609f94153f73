/** What a client does to its host, and through it to the others: nothing. */
import { fstatSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DataPlane } from "../../bridge/plane.ts";
import { attach, useOwnHosts } from "./hosts.ts";
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
