/** Answers that come in parts: in step with the loop that takes them. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import type { StreamOptions } from "../../bridge/call-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { OperationPart } from "../../bridge/operation-types.ts";
import type { TensorValue } from "../../bridge/tensors.ts";
import { CallTimeoutError, ClosedError, InvalidArgumentError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";

const RATE = 16_000;
const CLIPS = 30;
const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

const audios = Array.from({ length: CLIPS }, (_, clip) => ({
  samples: Float32Array.from({ length: RATE }, (_, n) => Math.sin((n * (clip + 1)) / 30) / 2),
  sample_rate: RATE,
}));
const work = { audios, model: "fbank", batch_size: 4 } as const;
type Part = OperationPart<"extract_features">;

function rows({ indices, features }: Part): [number, ArrayBufferView][] {
  const { data, shape } = features as TensorValue; // the protocol: a tensor where an arena is shared
  const width = shape[1] ?? 0;
  return indices.map((index, row) => [index, data.slice(row * width, (row + 1) * width)]);
}

async function whole(): Promise<[number, ArrayBufferView][]> {
  const { features } = await bridge.executeOperation("extract_features", work);
  const { data, shape } = features as TensorValue; // as above
  const width = shape[1] ?? 0;
  return audios.map((_, index) => [index, data.slice(index * width, (index + 1) * width)]);
}

const byIndex = (a: [number, unknown], b: [number, unknown]): number => a[0] - b[0];

describe("a stream", () => {
  it("has the rows of the whole answer, each once, and ends with the rest of it", async () => {
    const stream = bridge.stream("extract_features", work);
    const received: [number, ArrayBufferView][] = [];
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) received.push(...rows(next.value));
    expect(received.sort(byIndex)).toEqual(await whole());
    expect(next.value).toMatchObject({ model_id: "fbank", features: [], failures: [] });
    const { seconds_heard, seconds_given, clip_seconds } = next.value; // they came in the parts
    expect([seconds_heard, seconds_given, clip_seconds]).toEqual([[], [], []]);
    expect(bridge.stats()).toMatchObject({ waiting: 0, abandoned: 0, arenaUsed: 0 });
  });

  it("lets Python work no further ahead than its window", async () => {
    let encoded = 0;
    const onProgress = ({ stage, done }: { stage: string; done: number }): void => {
      if (stage === "encode") encoded = done;
    };
    const stream = bridge.stream("extract_features", work, { window: 1, onProgress });
    await stream.next();
    // The loop holds the first part; the second waits for it in Python, where nothing runs.
    await expect.poll(async () => (await bridge.executeOperation("ping", {})).busy).toBe(false);
    expect(encoded).toBeLessThanOrEqual(8);
    await stream.return(undefined as never);
    await expect.poll(() => bridge.stats().abandoned).toBe(0);
    expect(bridge.stats()).toMatchObject({ waiting: 0, arenaUsed: 0 });
  });

  it("names the clips that were in no part", async () => {
    const data = { audios: [...audios.slice(0, 3), "nowhere.wav"], model: "fbank" };
    const stream = bridge.stream("extract_features", data);
    const part = await stream.next();
    expect(part.value).toMatchObject({ indices: [0, 1, 2] });
    const end = await stream.next();
    expect(end).toMatchObject({ done: true, value: { failures: [{ index: 3 }] } });
  });

  it("throws what the call throws, after the parts that came before", async () => {
    const stream = bridge.stream("extract_features", { audios: ["nowhere.wav"], model: "fbank" });
    await expect(stream.next()).rejects.toMatchObject({ code: "audio_not_found" });
    const one = bridge.stream("extract_features", { audio: "nowhere.wav", model: "fbank" });
    await expect(one.next()).rejects.toThrow("One clip does not come in parts");
  });

  it.each([0, 1.5, -1])("refuses a window of %d", async (window) => {
    await expect(bridge.stream("extract_features", work, { window }).next()).rejects.toThrow(
      InvalidArgumentError,
    );
  });

  it.each([
    ["is missing", "sequence: 1, value: { indices: [] }"],
    ["does not say what it brings", "sequence: 0, value: {}"],
  ])("is an error where a part %s", async (what, data) => {
    await using broken = new GAMABridge({
      python: fakePython(`
        ready();
        onRequest(({ id, operation }) => {
          if (operation !== "cancel") send({ event: "part", id, data: { ${data} } });
          else send({ id: 1, error: { code: "cancelled", message: "", type: "" } });
        });`),
    });
    const stream = broken.stream("extract_features", work);
    await expect(stream.next()).rejects.toThrow(`A part of an answer ${what}`);
    await expect.poll(() => broken.stats().abandoned).toBe(0);
  });
});

describe("while a stream waits for its loop", () => {
  const small = { audios: audios.slice(0, 12), model: "fbank", batch_size: 2 } as const;
  const one = { audio: audios[0] ?? "", model: "fbank" } as const;

  it("the loop makes other calls", async () => {
    let calls = 0;
    for await (const _ of bridge.stream("extract_features", small, { window: 1 })) {
      const { shape } = await bridge.executeOperation("extract_features", one);
      expect(shape).toEqual([256]);
      calls += 1;
    }
    expect(calls).toBe(6);
  });

  it("other streams are taken side by side", async () => {
    const streams = [1, 2, 3].map(() => bridge.stream("extract_features", small, { window: 1 }));
    const taken: number[][] = [[], [], []];
    for (let isOver = false; !isOver; ) {
      const parts = await Promise.all(streams.map((stream) => stream.next()));
      for (const [index, { done, value }] of parts.entries()) {
        if (!done) taken[index]?.push(...value.indices);
      }
      isOver = parts.every(({ done }) => done);
    }
    for (const indices of taken)
      expect(indices.sort((a, b) => a - b)).toEqual([...Array(12).keys()]);
  });

  it("more streams wait than calls may be on their way, and other calls are answered", async () => {
    await using narrow = new GAMABridge({ queue: { maxInFlight: 2 } });
    const streams = [1, 2, 3].map(() => narrow.stream("extract_features", small, { window: 1 }));
    for (const stream of streams) expect((await stream.next()).done).toBe(false);
    expect((await narrow.executeOperation("extract_features", one)).shape).toEqual([256]);
    for (const stream of streams) await stream.return(undefined as never);
    await expect.poll(() => narrow.stats().abandoned).toBe(0);
  });

  it("the bridge is shut down", async () => {
    const own = new GAMABridge();
    const stream = own.stream("extract_features", small, { window: 1 });
    await stream.next();
    await own.shutdown();
    await expect(stream.next()).rejects.toThrow(ClosedError);
  });
});

describe("the loop of a stream", () => {
  const few = { ...work, batch_size: 2 };
  /** Takes one part, and works on it until the others of the window wait, too. */
  async function takeOne(options: StreamOptions): Promise<AsyncGenerator<Part, unknown, void>> {
    const stream = bridge.stream("extract_features", few, options);
    await stream.next();
    // Python has sent what it may; its lines come in their order.
    await expect.poll(async () => (await bridge.executeOperation("ping", {})).busy).toBe(false);
    return stream;
  }

  it("gets no part after an abort", async () => {
    const controller = new AbortController();
    const stream = await takeOne({ signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(stream.next()).rejects.toThrow("enough");
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it("gets no part after its time", async () => {
    await using slow = new GAMABridge({
      python: fakePython(`
        ready();
        onRequest(({ id, operation, data }) => {
          if (operation === "cancel") {
            send({ id: data.id, error: { code: "cancelled", message: "", type: "" } });
          } else {
            for (const sequence of [0, 1]) {
              send({ event: "part", id, data: { sequence, value: { indices: [sequence] } } });
            }
          }
        });`),
    });
    await slow.initialize();
    const stream = slow.stream("extract_features", few, { timeoutMs: 4000 });
    expect((await stream.next()).value).toMatchObject({ indices: [0] });
    await expect.poll(() => slow.stats().waiting, { timeout: 30_000 }).toBe(0);
    await expect(stream.next()).rejects.toThrow(CallTimeoutError);
  });

  it("gets the parts that came before an error of Python", async () => {
    await using failing = new GAMABridge({
      python: fakePython(`
        ready();
        onRequest(({ id }) => {
          for (const sequence of [0, 1]) {
            send({ event: "part", id, data: { sequence, value: { indices: [sequence] } } });
          }
          send({ id, error: { code: "internal", message: "broken", type: "" } });
        });`),
    });
    const stream = failing.stream("extract_features", few);
    expect((await stream.next()).value).toMatchObject({ indices: [0] });
    await expect.poll(() => failing.stats().waiting).toBe(0);
    expect((await stream.next()).value).toMatchObject({ indices: [1] });
    await expect(stream.next()).rejects.toThrow("broken");
  });
});

describe("a stream in memory", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

  it("does not keep the caller's arrays once they are sent", async () => {
    let isFree = false;
    const registry = new FinalizationRegistry<string>(() => {
      isFree = true;
    });
    const begin = (): AsyncGenerator<Part, unknown, void> => {
      const samples = new Float32Array(100_000);
      registry.register(samples.buffer, "samples");
      const clip = { samples, sample_rate: RATE };
      const data = { audios: [clip, clip, clip], model: "fbank", batch_size: 1 };
      return bridge.stream("extract_features", data, { window: 1 });
    };
    const stream = begin();
    await stream.next();
    for (let tries = 0; !isFree && tries < 500; tries++) {
      collect();
      await turn();
    }
    expect(isFree).toBe(true);
    expect((await stream.next()).done).toBe(false); // and it goes on
    await stream.return(undefined as never);
  });

  it("is cancelled when nobody can take it any more", async () => {
    await (async () => {
      await bridge.stream("extract_features", work, { window: 1 }).next();
    })();
    expect(bridge.stats().waiting).toBe(1);
    for (let tries = 0; bridge.stats().waiting > 0 && tries < 500; tries++) {
      collect();
      await turn();
    }
    expect(bridge.stats().waiting).toBe(0);
    await expect.poll(() => bridge.stats().abandoned).toBe(0);
  });
});
