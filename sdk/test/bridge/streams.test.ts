/** Answers that come in parts: in step with the loop that takes them, and across a crash. */
import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { OperationPart } from "../../bridge/operation-types.ts";
import type { TensorValue } from "../../bridge/tensors.ts";
import { InvalidArgumentError } from "../../errors.ts";
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

  it("goes on where the loop is when its process dies", async () => {
    await using mortal = new GAMABridge({ onLog: () => undefined });
    const received: [number, ArrayBufferView][] = [];
    for await (const part of mortal.stream("extract_features", work, { window: 1 })) {
      received.push(...rows(part));
      if (mortal.stats().starts === 1 && received.length >= 8) {
        process.kill(mortal.pid ?? 0, "SIGKILL");
      }
    }
    expect(mortal.stats()).toMatchObject({ starts: 2, repeated: 1 });
    expect(received.map(([index]) => index).sort((a, b) => a - b)).toEqual([...audios.keys()]);
    expect(received.sort(byIndex)).toEqual(await whole());
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

  it("is an error where a part is missing", async () => {
    await using broken = new GAMABridge({
      python: fakePython(`
        ready();
        onRequest(({ id, operation }) => {
          if (operation !== "cancel") send({ event: "part", id, data: { sequence: 1, value: {} } });
          else send({ id: 1, error: { code: "cancelled", message: "", type: "" } });
        });`),
    });
    const stream = broken.stream("extract_features", work);
    await expect(stream.next()).rejects.toThrow("A part of an answer is missing");
    await expect.poll(() => broken.stats().abandoned).toBe(0);
  });
});
