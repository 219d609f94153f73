/** What a caller may do with an array after the call, and which arrays there are (fault 29). */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, describe, expect, it } from "vitest";
import type { TensorValue, TypedArray } from "../../bridge/tensors.ts";
import { ask, lightBridge } from "./light-python.ts";

const { bridge } = lightBridge();
afterAll(() => bridge.shutdown());

async function echo(tensor: TypedArray | TensorValue): Promise<TensorValue> {
  return (await ask(bridge, "echo", { tensor })) as TensorValue;
}

describe("an array, right after the call", () => {
  const samples = (): Float32Array<ArrayBuffer> => Float32Array.of(1, 2, 3, 4);
  const changes: readonly (readonly [string, (array: Float32Array<ArrayBuffer>) => unknown])[] = [
    ["written over", (array) => array.fill(9)],
    ["transferred", (array) => structuredClone(array, { transfer: [array.buffer] })],
    ["detached", (array) => array.buffer.transfer()],
  ];

  it.each(changes)("29: may be %s: what is sent is what it was", async (_how, change) => {
    const array = samples();
    // Of the two calls one is sent, and one waits for the first.
    const calls = [ask(bridge, "sleep", { seconds: 0.1 }), echo(array), echo(array)];
    change(array);
    const [, ...echoes] = await Promise.all(calls);
    for (const back of echoes) expect(back).toEqual({ data: samples(), shape: [4] });
  });

  it("29: may shrink where its buffer is resizable", async () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    const array = new Float32Array(buffer);
    array.set(samples());
    const call = echo(array);
    buffer.resize(4);
    expect((await call).data).toEqual(samples());
    buffer.resize(64);
    expect((await echo(array)).data).toEqual(Float32Array.of(1, ...new Array(15).fill(0)));
  });

  it("29: is not kept in memory by a call that waits", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const waits = ask(bridge, "sleep", { seconds: 1 });
    const sent = new Set<number>();
    const registry = new FinalizationRegistry<number>((number) => sent.add(number));
    const calls = [1, 2, 3].map((number) => {
      const array = new Float32Array(100_000);
      registry.register(array.buffer, number);
      return bridge.executeOperation("extract_features", {
        audio: { samples: array, sample_rate: 16_000 },
      });
    });
    while (bridge.stats().waiting === 4 && sent.size < 3) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([...sent].toSorted()).toEqual([1, 2, 3]);
    await Promise.all([waits, ...calls]);
  });
});

describe("a view", () => {
  it("29: of shared memory is sent as any other", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(16));
    shared.set([1, 2, 3, 4]);
    const call = echo(shared);
    shared.fill(9);
    expect((await call).data).toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it("29: into a larger array is sent without what lies around it", async () => {
    const whole = Float64Array.from({ length: 100 }, (_x, n) => n);
    const back = await echo({ data: whole.subarray(33, 37), shape: [2, 2] });
    expect(back).toEqual({ data: Float64Array.of(33, 34, 35, 36), shape: [2, 2] });
  });

  it.each([[[0]], [[3, 0]], [[0, 7]]])("29: without elements keeps its shape %j", async (shape) => {
    expect(await echo({ data: new Int16Array(0), shape })).toEqual({
      data: new Int16Array(0),
      shape,
    });
  });
});

const arrays: readonly TypedArray[] = [
  Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45),
  Float64Array.of(Math.PI, Number.MIN_VALUE, -0),
  Int16Array.of(-32_768, 32_767),
  Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
  BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n),
  Uint8Array.of(0, 255),
  Int8Array.of(-128, 127),
  Uint16Array.of(0, 65_535),
  Uint32Array.of(0, 2 ** 32 - 1),
  BigUint64Array.of(0n, 2n ** 64n - 1n),
  Float16Array.of(1.5, -0, Number.NaN, 65_504, 2 ** -24),
];

describe("a typed array", () => {
  it.each(arrays.map((array) => [array.constructor.name, array] as const))(
    "29: of the kind %s comes back from Python as it was",
    async (_name, array) => {
      expect(await echo(array)).toEqual({ data: array, shape: [array.length] });
    },
  );
});
