/** Calls that are given up, answers that nobody asked for, and what they cost the others: nothing. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { findPython } from "../../bridge/find-python.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { LogEntry } from "../../bridge/log-entry.ts";
import {
  CallTimeoutError,
  InvalidArgumentError,
  ProcessStartError,
  QueueFullError,
} from "../../errors.ts";
import { fakePython } from "./fake-python.ts";
import { ask, lightBridge } from "./light-python.ts";

function fakeBridge(
  source: string,
  options: ConstructorParameters<typeof GAMABridge>[0] = {},
): { readonly bridge: GAMABridge; readonly texts: string[] } {
  const texts: string[] = [];
  const onLog = ({ text }: LogEntry): void => void texts.push(text);
  return { bridge: new GAMABridge({ python: fakePython(source), onLog, ...options }), texts };
}

describe("a call that is given up", () => {
  it("26: by its own progress callback leaves no clock behind that kills the process later", async () => {
    const { bridge, texts } = fakeBridge(
      `ready();
      onRequest(({ id, operation, data }) => {
        if (operation === "cancel") send({ id: data.id, error: { code: "cancelled", type: "", message: "" } });
        else if (operation === "status") send({ id, result: {} });
        else send({ event: "progress", id, data: { stage: "x", done: 0, total: 1 } });
      });`,
      { cancelGraceMs: 200 },
    );
    await using _ = bridge;
    const controller = new AbortController();
    const call = bridge.executeOperation(
      "start_profile",
      {},
      {
        signal: controller.signal,
        onProgress: () => {
          controller.abort(new Error("enough"));
          controller.signal.throwIfAborted();
        },
      },
    );
    await expect(call).rejects.toThrow("enough");
    await sleep(500);
    expect(texts).toEqual([]);
    expect(bridge.stats()).toMatchObject({ starts: 1, abandoned: 0 });
  });

  it("20: and waits behind another one does not cost that one its process", async () => {
    const { bridge, entries } = lightBridge({ cancelGraceMs: 300 });
    await using _ = bridge;
    await ask(bridge, "say", { text: "ready" });
    const holding = ask(bridge, "hold", { seconds: 1.5 });
    const controller = new AbortController();
    const waiting = ask(bridge, "say", { text: "x" }, { signal: controller.signal });
    await expect.poll(async () => bridge.stats().waiting).toBe(2);
    await sleep(100); // the interpreter is held by now
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await holding;
    await expect.poll(() => bridge.stats().abandoned).toBe(0);
    expect(bridge.stats().starts).toBe(1);
    expect(entries.filter(({ source }) => source === "bridge")).toEqual([]);
  });

  it("26: while a process is waited for starts none", async () => {
    const { bridge } = fakeBridge(
      `ready(); onRequest(() => process.kill(process.pid, "SIGKILL"));`,
      { restart: { maxAttempts: 9 } },
    );
    await using _ = bridge;
    const controller = new AbortController();
    const call = bridge.executeOperation("ping", {}, { signal: controller.signal });
    await expect.poll(() => bridge.stats().starts).toBe(2);
    await expect.poll(() => bridge.pid).toBeUndefined();
    controller.abort(new Error("enough"));
    await expect(call).rejects.toThrow("enough");
    const { starts } = bridge.stats();
    await sleep(1_300);
    expect(bridge.stats().starts).toBe(starts);
  });
});

describe("answers", () => {
  it("11: to a request that was not sent yet are discarded, and it gets its own", async () => {
    const { bridge, texts } = fakeBridge(
      `ready();
      onRequest(({ id }) => {
        if (id === 1) send({ id: 2, result: { answer: "early" } });
        setTimeout(() => send({ id, result: { answer: id } }), 50);
      });`,
      { queue: { maxInFlight: 1 } },
    );
    await using _ = bridge;
    const calls = [1, 2, 3].map(() => bridge.executeOperation("start_profile", {}));
    expect(await Promise.all(calls)).toEqual([1, 2, 3].map((answer) => ({ answer })));
    expect(bridge.stats().discardedLines).toBe(1);
    expect(texts[0]).toContain("an answer that nobody waits for");
  });

  it("11: that come twice, or to nobody, are counted", async () => {
    const { bridge } = fakeBridge(
      `ready();
      onRequest(({ id }) => {
        for (const other of [id, id, 99, "text", null]) send({ id: other, result: {} });
      });`,
    );
    await using _ = bridge;
    await bridge.executeOperation("start_profile", {});
    await expect.poll(() => bridge.stats().discardedLines).toBe(4);
  });

  it("12: that are nested deeper than a stack are an error of their call, and of no other", async () => {
    const { bridge } = fakeBridge(
      `ready();
      onRequest(({ id }) => {
        if (id > 1) return send({ id, result: { answer: id } });
        process.stdout.write('{"id":1,"result":' + "[".repeat(100000) + "]".repeat(100000) + "}\\n");
      });`,
    );
    await using _ = bridge;
    const [deep, other] = [1, 2].map(() => bridge.executeOperation("start_profile", {}));
    await expect(deep).rejects.toThrow("nested more than 512 deep");
    expect(await other).toEqual({ answer: 2 });
  });
});

describe("models", () => {
  it("9: of which a process dies now and then are loaded again and again", async () => {
    const count = join(mkdtempSync(join(tmpdir(), "loads-")), "n");
    const { bridge } = fakeBridge(
      `const fs = require("node:fs");
      const n = (fs.existsSync(${JSON.stringify(count)}) ? Number(fs.readFileSync(${JSON.stringify(count)}, "utf8")) : 0) + 1;
      fs.writeFileSync(${JSON.stringify(count)}, String(n));
      let loaded = false;
      ready();
      onRequest(({ id, operation }) => {
        if (operation !== "load_model") return send({ id, result: { n, loaded } });
        if (n === 2 || n === 5) process.kill(process.pid, "SIGKILL");
        loaded = true;
        send({ id, result: { model: { model_id: "m" } } });
      });`,
      { restart: { maxCrashesPerMinute: 100 } },
    );
    await using _ = bridge;
    await bridge.executeOperation("load_model", { model: "m" });
    const data = { a: [], b: [], groups: [] };
    const question = async (): Promise<unknown> => await bridge.executeOperation("compare", data);
    for (const n of [1, 3, 4, 6]) {
      expect(await question()).toEqual({ n, loaded: true });
      const { pid } = bridge;
      process.kill(pid ?? 0, "SIGKILL");
      await expect.poll(() => bridge.pid).toBeUndefined();
    }
  });

  it("8: are not forgotten because a process could not be started once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "broken-"));
    const python = join(folder, "python");
    const broken = join(folder, "broken");
    const script = `#!/bin/sh\nif [ -e '${broken}' ]; then exit 3; fi\nexec '${findPython()}' "$@"\n`;
    writeFileSync(python, script, { mode: 0o755 });
    await using bridge = new GAMABridge({ python, onLog: () => undefined });
    await bridge.executeOperation("load_model", { model: "fbank" });
    writeFileSync(broken, "");
    process.kill(bridge.pid ?? 0, "SIGKILL");
    await expect.poll(() => bridge.pid).toBeUndefined();
    const calls = [1, 2].map(() => bridge.executeOperation("status", {}));
    const [first, second] = await Promise.allSettled(calls);
    if (first?.status !== "rejected" || second?.status !== "rejected") throw new Error("expected");
    expect(first.reason).toBeInstanceOf(ProcessStartError);
    expect(second.reason).not.toBe(first.reason); // each has its caller's stack
    rmSync(broken);
    const loaded = async (): Promise<string[]> => {
      const { models } = await bridge.executeOperation("status", {});
      return models.map(({ model_id }) => model_id);
    };
    await expect.poll(loaded).toEqual(["fbank"]); // `status` does not wait for the load
  });
});

describe("initialize", () => {
  it("24: can be given up, by a signal and by time", async () => {
    const { bridge } = fakeBridge("setInterval(() => undefined, 1000);");
    await using _ = bridge;
    const timed = bridge.initialize({ timeoutMs: 50 });
    await expect(timed).rejects.toThrow(CallTimeoutError);
    const controller = new AbortController();
    const aborted = bridge.initialize({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
  });
});

describe("the queue", () => {
  it("15: of the background is not in the way of a user, nor of pings", async () => {
    const { bridge } = fakeBridge(
      `ready(); onRequest(({ id, operation }) => operation === "ping" && send({ id, result: {} }));`,
      { queue: { maxInFlight: 1, maxQueued: 1 } },
    );
    const given = (priority: "user" | "background"): Promise<unknown> => {
      const call = bridge.executeOperation("start_profile", {}, { priority });
      call.catch(() => undefined);
      return call;
    };
    void given("background"); // the process has it
    void given("background");
    await expect(given("background")).rejects.toThrow(QueueFullError);
    void given("user");
    await expect(given("user")).rejects.toThrow(QueueFullError);
    await bridge.executeOperation("ping", {});
    await bridge.shutdown();
  });

  it("15: lets a user's arrays have room before those in the background", async () => {
    const { bridge } = lightBridge({ queue: { maxArenaBytes: 4_096 } });
    await using _ = bridge;
    const order: string[] = [];
    const send = async (name: string, priority: "user" | "background"): Promise<void> => {
      await ask(bridge, "echo", { tensor: new Float32Array(1_000) }, { priority });
      order.push(name);
    };
    const background = Array.from({ length: 5 }, (_call, n) => send(`b${n}`, "background"));
    await Promise.all([...background, send("user", "user")]);
    expect(order).toEqual(["b0", "user", "b1", "b2", "b3", "b4"]);
  });
});

it.each([
  ["queue.maxInFlight", { queue: { maxInFlight: 0 } }],
  ["queue.maxQueued", { queue: { maxQueued: Number.NaN } }],
  ["cancelGraceMs", { cancelGraceMs: Number.POSITIVE_INFINITY }],
  ["startTimeoutMs", { startTimeoutMs: 2 ** 31 }],
  ["restart.maxAttempts", { restart: { maxAttempts: 0 } }],
  ["watchdog.pingAfterMs", { watchdog: { pingAfterMs: -1 } }],
])("27: the option %s is refused where it would mean something else", (field, options) => {
  expect(() => new GAMABridge(options)).toThrow(InvalidArgumentError);
  expect(() => new GAMABridge(options)).toThrow(`\`${field}\` to be at least 1`);
});
