/** What a broken or hostile process may do; a fake stands in for Python. */
import { AsyncLocalStorage } from "node:async_hooks";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import {
  ClosedError,
  OperationFailedError,
  ProcessExitError,
  ProcessStartError,
  WireError,
} from "../../errors.ts";
import { askFake, fakePython, isAlive } from "./fake-python.ts";
import { runNode } from "./run-node.ts";

const BRIDGE = pathToFileURL(
  join(import.meta.dirname, "..", "..", "bridge", "gama-bridge.ts"),
).href;
const ECHO_ID = "onRequest(({ id }) => send({ id, result: { answer: id } }));";

describe("a process that does not start", () => {
  it("that is never ready is killed when its time is up", async () => {
    await using bridge = new GAMABridge({
      python: fakePython("setInterval(() => {}, 1000);"),
      startTimeoutMs: 700,
    });
    const ready = bridge.initialize();
    const { pid = 0 } = bridge;
    expect(isAlive(pid)).toBe(true);
    await expect(ready).rejects.toThrow("not ready within 0.7 s");
    expect(isAlive(pid)).toBe(false);
  });

  it("8: rejects every call that waits with what it said on stderr", async () => {
    await using bridge = new GAMABridge({
      python: fakePython('console.error("libtorch.so is missing"); process.exitCode = 3;'),
    });
    const calls = await Promise.allSettled([bridge.initialize(), askFake(bridge), askFake(bridge)]);
    for (const call of calls) {
      const error = call.status === "rejected" ? call.reason : undefined;
      expect(error).toBeInstanceOf(ProcessStartError);
      expect(error.message).toContain("npm run setup");
      expect(error.stderrTail).toContain("libtorch.so is missing");
    }
  });

  it("23: that does not exist is one clear error, also the second time", async () => {
    await using bridge = new GAMABridge({ python: "/no/such/python" });
    for (const _ of [1, 2]) {
      await expect(askFake(bridge)).rejects.toThrow("there is no such program");
    }
    expect(bridge.stats().starts).toBe(2);
  });
});

describe("lines that are not the protocol", () => {
  it("11: are counted and do not disturb the answers around them", async () => {
    const junk = [
      '"garbage\\n"',
      "Buffer.from([0xff, 0x00, 0x0a])",
      '"null\\n[]\\n7\\n{}\\n\\n"',
      '\'{"id":99,"result":1}\\n{"id":"__proto__","result":1}\\n{"event":"unknown","data":{}}\\n\'',
      '\'{"event":"progress","id":1}\\n{"event":"log","data":null}\\n{"event":"ready"}\\n\'',
    ];
    await using bridge = new GAMABridge({
      python: fakePython(
        `ready(); ${junk.map((line) => `process.stdout.write(${line});`).join("")} ${ECHO_ID}`,
      ),
    });
    expect(await askFake(bridge)).toEqual({ answer: 1 });
    expect(await askFake(bridge)).toEqual({ answer: 2 });
    expect(bridge.stats().discardedLines).toBe(12); // the two answers to nobody, too
  });

  it("10, 14: may come in pieces, with a pause inside a character", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`ready(); onRequest(async ({ id }) => {
        const line = Buffer.from(JSON.stringify({ id, result: { answer: "é🎵" } }) + "\\n");
        for (const byte of line) {
          process.stdout.write(Buffer.of(byte));
          if (byte > 0xc0) await new Promise((resolve) => setTimeout(resolve, 50));
        }
      });`),
    });
    expect(await askFake(bridge)).toEqual({ answer: "é🎵" });
  });

  it("11: answer a call once: a second answer to it is passed over", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(
        "ready(); onRequest(({ id }) => { send({ id, result: 1 }); send({ id, result: 2 }); });",
      ),
    });
    expect(await askFake(bridge)).toBe(1);
    expect(await askFake(bridge)).toBe(1);
  });

  it("that answer nothing reject their call", async () => {
    await using bridge = new GAMABridge({
      python: fakePython("ready(); onRequest(({ id }) => send({ id }));"),
    });
    await expect(askFake(bridge)).rejects.toThrow("neither result nor error");
  });

  it("that are not what the operation answers reject their call", async () => {
    await using bridge = new GAMABridge({
      python: fakePython("ready(); onRequest(({ id }) => send({ id, result: {} }));"),
    });
    const call = bridge.executeOperation("free_memory", {});
    await expect(call).rejects.toThrow("The answer to `free_memory` makes no sense");
  });

  it("12: settle their call when they are longer than a line may be", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => {
        process.stdout.write('{"id":' + id + ',"result":"');
        for (let i = 0; i < 65; i += 1) process.stdout.write("x".repeat(1024 * 1024));
        process.stdout.write('"}\\n');
      });`),
    });
    await expect(askFake(bridge)).rejects.toThrow(WireError);
    await expect(askFake(bridge)).rejects.toThrow("longer than a line may be");
  });

  it("with a tensor outside the arena reject the call, and the bridge goes on", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => send(id === 1
        ? { id, result: { $t: { dtype: "float32", shape: [4], offset: 4096, generation: 1 } } }
        : { id, result: { answer: id } }));`),
    });
    await expect(askFake(bridge)).rejects.toThrow("outside the arena");
    expect(await askFake(bridge)).toMatchObject({ answer: expect.any(Number) });
  });
});

describe("a log listener that throws", () => {
  it("costs no answer: its error is reported as uncaught, and the lines behind it are read", async () => {
    // One write: the junk and the answer arrive in one piece.
    const fake = fakePython(`ready(); onRequest(({ id }) =>
      process.stdout.write("junk\\n" + JSON.stringify({ id, result: { answer: id } }) + "\\n"));`);
    const script = `
      const { GAMABridge } = await import(${JSON.stringify(BRIDGE)});
      process.on("uncaughtException", (error) => console.log(error.message));
      const bridge = new GAMABridge({
        python: ${JSON.stringify(fake)},
        onLog: () => { throw new Error("a bug in the listener"); },
      });
      const answer = await bridge.executeOperation("status", {});
      console.log(JSON.stringify(answer));
      await bridge.shutdown();`;
    const stdout = await runNode(script);
    expect(stdout.trim().split("\n")).toEqual(["a bug in the listener", '{"answer":1}']);
  });
});

describe("a progress callback", () => {
  it("runs in the context of its own call, not of the one that started the process", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => {
        send({ event: "progress", id, data: { stage: "encode", done: 1, total: 2 } });
        send({ id, result: {} });
      });`),
    });
    const cell = new AsyncLocalStorage<number>();
    const seen: unknown[] = [];
    for (const number of [1, 2]) {
      await cell.run(number, () =>
        bridge.executeOperation(
          "status",
          {},
          { onProgress: (progress) => seen.push([cell.getStore(), progress]) },
        ),
      );
    }
    const progress = { stage: "encode", done: 1, total: 2, unit: "", message: "" };
    expect(seen).toEqual([
      [1, progress],
      [2, progress],
    ]);
  });
});

describe("an error of an operation", () => {
  it("28: carries code, details and the Python traceback, and the caller's own line", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => send({ id, error: {
        code: "not_capable", message: "wav2vec2 cannot describe", type: "CapabilityError",
        traceback: "Traceback (most recent call last):\\n  File \\"x.py\\", line 7", details: { model: "x" },
      } }));`),
    });
    const error = await askFake(bridge).catch((reason: unknown) => reason);
    if (!(error instanceof OperationFailedError)) throw new Error(`unexpected: ${String(error)}`);
    expect(error.name).toBe("CapabilityError");
    expect(error.code).toBe("not_capable");
    expect(error.operation).toBe("status");
    expect(error.details).toEqual({ model: "x" });
    expect(error.cause.name).toBe("CapabilityError");
    expect(error.cause.stack).toContain('File "x.py", line 7');
    expect(error.stack).toContain("faults.test.ts");
  });
});

describe("the end of a process", () => {
  it("8: with code 0 while calls wait is an error, too", async () => {
    await using bridge = new GAMABridge({
      python: fakePython("ready(); onRequest(({ id }) => { begin(id); process.exit(0); });"),
    });
    const error = await askFake(bridge).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ProcessExitError);
    expect(error).toMatchObject({ exitCode: 0, signal: null, operation: "status", attempts: 2 });
    expect(bridge.stats().starts).toBe(2);
  });

  it("7: after an answer was written: the answer counts", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => {
        process.stdout.write(JSON.stringify({ id, result: { answer: id } }) + "\\n", () => process.kill(process.pid, "SIGKILL"));
      });`),
    });
    expect(bridge.stats().lastCrash).toBeUndefined();
    expect(await askFake(bridge)).toEqual({ answer: 1 });
    await expect.poll(() => bridge.pid).toBeUndefined();
    expect(await askFake(bridge)).toEqual({ answer: 2 });
    const lastCrash = { signal: "SIGKILL", exitCode: null };
    expect(bridge.stats()).toMatchObject({ starts: 2, repeated: 0, lastCrash });
  });

  it("24: is forced on one that ignores the end of its input and SIGTERM", async () => {
    const bridge = new GAMABridge({
      python: fakePython('process.on("SIGTERM", () => {}); ready(); setInterval(() => {}, 1000);'),
    });
    await bridge.initialize();
    const pid = bridge.pid ?? 0;
    await bridge.shutdown();
    expect(isAlive(pid)).toBe(false);
  });

  it("25: takes grandchildren with it when it is forced", async () => {
    const logs: string[] = [];
    const bridge = new GAMABridge({
      python: fakePython(`
        const child = require("node:child_process").spawn("sleep", ["60"]);
        console.error(child.pid); ready();
        process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`),
      onLog: ({ text }) => logs.push(text),
    });
    await bridge.initialize();
    await expect.poll(() => Number(logs.join(""))).toBeGreaterThan(0);
    await bridge.shutdown();
    await expect.poll(() => isAlive(Number(logs.join("")))).toBe(false);
  });
});

describe("shutdown", () => {
  it("24: rejects what waits, happens once, and closes the bridge for good", async () => {
    const bridge = new GAMABridge({ python: fakePython("ready(); onRequest(() => {});") });
    const call = askFake(bridge);
    const closing = [bridge.shutdown(), bridge.shutdown()];
    expect(closing[0]).toBe(closing[1]);
    await expect(call).rejects.toThrow(ClosedError);
    await Promise.all(closing);
    await expect(askFake(bridge)).rejects.toThrow(ClosedError);
    await expect(bridge.initialize()).rejects.toThrow(ClosedError);
    expect(bridge.isClosed).toBe(true);
  });

  it("24: during the start settles who waits for it", async () => {
    const bridge = new GAMABridge({
      python: fakePython("setTimeout(ready, 5000); onRequest(() => {});"),
    });
    const ready = expect(bridge.initialize()).rejects.toThrow(ClosedError);
    await sleep(100);
    await bridge.shutdown();
    await ready;
  });

  it("24: of a bridge that was never used starts nothing", async () => {
    const bridge = new GAMABridge();
    await bridge.shutdown();
    expect(bridge.stats().starts).toBe(0);
  });
});
