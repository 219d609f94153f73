/** Lines, numbers, texts and errors between the two sides, at their worst. Numbers are those of the faults. */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { MAX_LINE_BYTES, PROTOCOL_VERSION } from "../../bridge/protocol.gen.ts";
import type { TensorValue } from "../../bridge/tensors.ts";
import { InvalidArgumentError, OperationFailedError, PythonError } from "../../errors.ts";
import { askFake, fakePython } from "./fake-python.ts";
import { ask, lightBridge } from "./light-python.ts";
import { longForm } from "./long-form.ts";
import { runNode } from "./run-node.ts";

const { bridge } = lightBridge();
afterAll(() => bridge.shutdown());

describe("bytes in any pieces", () => {
  it("10, 15: a burst of ten thousand answers in one write, in any order, reaches the right callers", async () => {
    await using fake = new GAMABridge({
      python: fakePython(`
        const lines = [];
        ready();
        onRequest(({ id }) => {
          // From both ends: no answer stands where its request stood.
          const line = JSON.stringify({ id, result: { answer: id, filler: "x".repeat(60) } }) + "\\n";
          if (id % 2 === 0) lines.push(line); else lines.unshift(line);
          if (lines.length === 10_000) process.stdout.write(lines.join(""));
        });`),
      queue: { maxInFlight: 20_000 },
    });
    const calls = Array.from({ length: 10_000 }, () => askFake(fake));
    const answers = (await Promise.all(calls)) as { readonly answer: number }[];
    expect(answers.map(({ answer }) => answer)).toEqual(calls.map((_call, index) => index + 1));
    expect(fake.stats().discardedLines).toBe(0);
  });

  it("10: half a line, a pause, and the other half are one answer", async () => {
    await using fake = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => {
        process.stdout.write('{"id":' + id + ',"resu');
        setTimeout(() => process.stdout.write('lt":{"answer":' + id + '}}\\n'), ${longForm(500, 5_000)});
      });`),
    });
    expect(await askFake(fake)).toEqual({ answer: 1 });
  });
});

describe("a name that JavaScript knows", () => {
  it("11: in a result changes no prototype, on either side", async () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"x": 2}}');
    const fake = new GAMABridge({
      python: fakePython(`ready(); onRequest(({ id }) => process.stdout.write(
        '{"id":' + id + ',"result":{"__proto__":{"polluted":1},"list":[{"__proto__":{"polluted":2}}]}}\\n'));`),
    });
    await using _ = fake;
    const result = (await askFake(fake)) as object;
    expect(Object.keys(result)).toEqual(["__proto__", "list"]);
    expect(Reflect.get({}, "polluted")).toBeUndefined();
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
    // Python is told of the fields, and refuses them as any other that it does not know.
    await expect(ask(bridge, "say", hostile as object)).rejects.toThrow("`text`");
  });
});

const OVERSIZE = `
  const bridge = new GAMABridge({ python, onLog: () => {} });
  await bridge.initialize();
  const before = process.memoryUsage.rss();
  const code = await bridge.executeOperation("status", {}).catch((error) => error.code);
  const rise = process.resourceUsage().maxRSS * 1024 - before;
  const next = await bridge.executeOperation("status", {});
  console.log(JSON.stringify({ code, rise, next }));
  await bridge.shutdown();`;

describe("a line without an end", () => {
  it("12: of a gigabyte costs its call and less than two lines of memory; the next call is answered", async () => {
    const fake = fakePython(`
      const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));
      async function writeGigabyte() {
        const megabyte = "x".repeat(1024 * 1024);
        await write('{"id":1,"result":"');
        for (let n = 0; n < 1024; n += 1) await write(megabyte);
        await write('"}\\n');
      }
      let written;
      ready();
      onRequest(async ({ id }) => {
        written ??= writeGigabyte();
        await written;
        if (id > 1) send({ id, result: { answer: id } });
      });`);
    const path = join(import.meta.dirname, "..", "..", "bridge", "gama-bridge.ts");
    const script = `
      import { GAMABridge } from ${JSON.stringify(path)};
      const python = ${JSON.stringify(fake)};
      ${OVERSIZE}`;
    const { code, rise, next } = JSON.parse(await runNode(script));
    expect({ code, next }).toEqual({ code: "wire", next: { answer: 2 } });
    expect(rise).toBeLessThan(2 * MAX_LINE_BYTES);
  });

  it("12: that the caller asks for is refused before it is sent", async () => {
    const call = ask(bridge, "say", { text: "x".repeat(MAX_LINE_BYTES) });
    await expect(call).rejects.toThrow(InvalidArgumentError);
    expect(await ask(bridge, "say", { text: "short" })).toBe("short");
  });
});

const AWKWARD = Uint32Array.of(
  ...[0x7fc0_0000, 0x7fc0_beef, 0xffc1_2345, 0x7f80_0001, 0x7f80_0000, 0xff80_0000, 0x8000_0000],
  ...[0x0000_0001, 0x807f_ffff],
);

describe("numbers that JSON does not have", () => {
  it.each(["shared_memory", "file", "json"] as const)(
    "13: arrive in a tensor bit for bit, there and back, on the plane %s",
    async (plane) => {
      const { bridge: other } = lightBridge({ plane });
      await using _ = other;
      for (const data of [
        new Float32Array(AWKWARD.buffer),
        new Float64Array(AWKWARD.buffer.slice(0, 32)),
      ]) {
        const back = (await ask(other, "echo", { tensor: data })) as TensorValue;
        const bits = new Uint32Array(
          back.data.buffer,
          back.data.byteOffset,
          back.data.byteLength / 4,
        );
        expect(bits).toEqual(new Uint32Array(data.buffer));
      }
      expect(other.stats().plane).toBe(plane);
    },
  );

  it("13: arrive as a plain number, or are refused where they arise; none becomes null", async () => {
    expect(await ask(bridge, "number", { kind: "-0.0" })).toEqual({ deep: [0.5, -0] });
    expect(await ask(bridge, "number", { kind: "5e-324" })).toEqual({ deep: [0.5, 5e-324] });
    expect(await ask(bridge, "same", { value: [-0, 0] })).toEqual([-0, 0]);
    const integer = ask(bridge, "flood", { count: -0 });
    await expect(integer).rejects.toThrow("Expected `int`, got `float` - at `$.count`");
    for (const kind of ["nan", "inf", "-inf"]) {
      const call = ask(bridge, "number", { kind });
      await expect(call).rejects.toMatchObject({ cause: { name: "NonFiniteResultError" } });
    }
    for (const number of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const call = ask(bridge, "say", { text: "", more: [number] });
      await expect(call).rejects.toThrow("`data.more[0]` to be a finite number");
    }
  });
});

describe("a text", () => {
  it.each([
    ["of every plane of Unicode", "aé漢🎵\u{10ffff}\ufeff"],
    ["with what ends a line elsewhere", "a\u2028b\u2029c\u0085d\r\ne\vf\fg"],
    ["with NUL and other controls", '\u0000\u0001\u001f\u007f\\"/'],
    ["of a megabyte", "x".repeat(1 << 20)],
    [
      "of a megabyte, four bytes each, so that pieces end inside of them",
      `x${"🎵".repeat(1 << 18)}`,
    ],
  ])("14: %s arrives as it was", async (_kind, text) => {
    expect((await ask(bridge, "say", { text })) === text).toBe(true); // a difference would be printed whole
  });

  it("14: with half a character is refused on the side where it arises", async () => {
    const sent = ask(bridge, "say", { text: "\ud83c" });
    await expect(sent).rejects.toThrow(InvalidArgumentError);
    const answered = ask(bridge, "surrogate");
    await expect(answered).rejects.toMatchObject({ code: "internal" });
    await expect(answered).rejects.toThrow("surrogates not allowed");
  });
});

describe("an exception of Python", () => {
  it.each([
    ["chained", "RuntimeError", "deep trouble", "KeyError: 'missing'"],
    ["group", "ExceptionGroup", "several (2 sub-exceptions)", "TypeError: second"],
    ["arguments", "ValueError", "(7, {'a': b'\\xff'})", "ValueError"],
    ["notes", "ValueError", "noted", "in clip 7"],
    ["unreadable", "UnreadableError", "its message cannot be read", "UnreadableError"],
    ["unprintable", "KeyError", "its message cannot be read", "KeyError"],
    ["exit", "SystemExit", "3", "SystemExit: 3"],
    ["interrupt", "KeyboardInterrupt", "KeyboardInterrupt", "KeyboardInterrupt"],
    ["long", "ValueError", "characters …", "characters …"],
  ])(
    "28: %s is an error with its traceback as cause; the process lives",
    async (kind, name, said, trace) => {
      const pid = bridge.pid;
      const error = await ask(bridge, "fail", { kind }).catch((reason: unknown) => reason);
      if (!(error instanceof OperationFailedError)) throw new Error(`unexpected: ${String(error)}`);
      expect(error.code).toBe("internal");
      expect(error.message).toContain(said);
      expect(error.message.length).toBeLessThan(8_100);
      expect(error.cause).toBeInstanceOf(PythonError);
      expect(error.cause.name).toBe(name);
      expect(error.cause.stack).toContain(trace);
      expect(error.cause.stack?.length).toBeLessThan(16_100);
      expect(await ask(bridge, "say", { text: "alive" })).toBe("alive");
      expect(bridge.pid).toBe(pid);
    },
  );
});

describe("another version of the protocol", () => {
  it.each([PROTOCOL_VERSION - 1, PROTOCOL_VERSION + 1])(
    "31: %d is refused with both numbers, and not tried again",
    async (protocol) => {
      await using fake = new GAMABridge({
        python: fakePython(`ready({ protocol: ${protocol} }); onRequest(() => {});`),
      });
      await expect(askFake(fake)).rejects.toThrow(
        `it speaks protocol ${protocol}, this SDK speaks ${PROTOCOL_VERSION}`,
      );
      expect(fake.stats().starts).toBe(1);
    },
  );

  it("31: that is this one with more in it works: fields and events that we do not know are passed over", async () => {
    await using fake = new GAMABridge({
      python: fakePython(`ready({ colour: "green", sub: { of: [1] } });
        onRequest(({ id }) => {
          send({ event: "weather", id, data: { rain: true } });
          send({ event: "log", data: { level: "info", message: "x", logger: "y", place: "here" } });
          send({ id, result: { answer: id }, seconds: 3 });
        });`),
      onLog: () => undefined,
    });
    expect(await askFake(fake)).toEqual({ answer: 1 });
    expect(fake.stats().discardedLines).toBe(0);
  });
});

describe("an answer of an earlier process", () => {
  it("32: that arrives after the restart is dropped, though its call waits again", async () => {
    const { bridge: fake } = lightBridge({
      python: fakePython(`
        const fs = require("node:fs");
        const mark = __filename + ".lived";
        ready();
        if (fs.existsSync(mark)) {
          onRequest(({ id }) => setTimeout(() => send({ id, result: "of the second" }), 2_000));
        } else {
          fs.writeFileSync(mark, "");
          onRequest(({ id }) => {
            // A child that keeps the wire of the dead process, and answers when the next one has the call.
            const late = JSON.stringify({ id, result: "of the first" });
            require("node:child_process").spawn("sh", ["-c", "sleep 1.2; echo '" + late + "'; sleep 5"],
              { stdio: ["ignore", "inherit", "ignore"], detached: true });
            setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
          });
        }`),
    });
    await using _ = fake;
    expect(await askFake(fake)).toBe("of the second");
    expect(fake.stats()).toMatchObject({ starts: 2, repeated: 1, discardedLines: 0 });
  });
});
