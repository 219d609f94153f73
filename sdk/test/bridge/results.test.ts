/** Where the arrays of a result lie: in memory of their own, in the caller's, or in memory used again. */
import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { BufferPool } from "../../bridge/result-memory.ts";
import type { TensorValue } from "../../bridge/tensors.ts";
import { ClosedError, InvalidArgumentError } from "../../errors.ts";

const RATE = 16_000;
const WIDTH = 256;
const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

/** Features of tones, one row each. */
const work = (clips: number) =>
  ({
    audios: Array.from({ length: clips }, (_, clip) => ({
      samples: Float32Array.from({ length: RATE }, (_, n) => Math.sin((n * (clip + 1)) / 30) / 2),
      sample_rate: RATE,
    })),
    model: "fbank",
  }) as const;

const tensor = ({ features }: { features: TensorValue | unknown[] }): TensorValue =>
  features as TensorValue; // the protocol: a tensor where an arena is shared

describe("out", () => {
  it("takes the tensor, and nothing behind it", async () => {
    const expected = tensor(await bridge.executeOperation("extract_features", work(3))).data;
    const out = new Float32Array(3 * WIDTH + 5).fill(7);
    const result = await bridge.executeOperation("extract_features", work(3), { out });
    const { data, shape } = tensor(result);
    expect(shape).toEqual([3, WIDTH]);
    expect(data.buffer).toBe(out.buffer);
    expect(data).toEqual(expected);
    expect(out.subarray(3 * WIDTH)).toEqual(new Float32Array(5).fill(7));
  });

  it.each([
    ["too short", new Float32Array(3 * WIDTH - 1), `a Float32Array of at least ${3 * WIDTH}`],
    ["of another type", new Float64Array(3 * WIDTH), `a Float32Array of at least ${3 * WIDTH}`],
  ])("that is %s is a clear error, and costs no memory in Python", async (_, out, expected) => {
    const call = bridge.executeOperation("extract_features", work(3), { out });
    await expect(call).rejects.toThrow(InvalidArgumentError);
    await expect(call).rejects.toThrow(expected);
    expect(out.every((x) => x === 0)).toBe(true);
  });

  it("for a result without a tensor is a clear error", async () => {
    const out = new Float32Array(3 * WIDTH);
    const data = { ...work(1), reply: "json" } as const;
    const call = bridge.executeOperation("extract_features", data, { out });
    await expect(call).rejects.toThrow("a result with a tensor");
  });
});

describe("a lease", () => {
  it("gives its memory to the next one, and its result to nobody", async () => {
    let first: ArrayBufferLike;
    let expected: ArrayBufferView;
    let ended: { readonly result: unknown };
    {
      using lease = await bridge.lease("extract_features", work(2));
      const { data } = tensor(lease.result);
      first = data.buffer;
      expected = data.slice();
      ended = lease;
    }
    expect(() => ended.result).toThrow(ClosedError);
    expect(bridge.stats().pooledBytes).toBe(first.byteLength);
    using again = await bridge.lease("extract_features", work(2));
    expect(tensor(again.result).data.buffer).toBe(first);
    expect(tensor(again.result).data).toEqual(expected);
    expect(bridge.stats().pooledBytes).toBe(0);
  });

  it("of a call that fails takes nothing", async () => {
    const { pooledBytes } = bridge.stats();
    await expect(
      bridge.lease("extract_features", { audio: "nowhere.wav", model: "fbank" }),
    ).rejects.toThrow("nowhere.wav");
    expect(bridge.stats().pooledBytes).toBe(pooledBytes);
  });

  it("that lasts shares its memory with no other", async () => {
    using one = await bridge.lease("extract_features", work(1));
    using two = await bridge.lease("extract_features", work(1));
    expect(tensor(one.result).data.buffer).not.toBe(tensor(two.result).data.buffer);
  });
});

describe("BufferPool", () => {
  it("keeps no more than it may, and nothing that was transferred", () => {
    const pool = new BufferPool(8192);
    const buffers = [pool.take(5000), pool.take(5000)];
    for (const buffer of buffers) pool.giveBack(buffer);
    expect(pool.bytes).toBe(8192);
    const moved = pool.take(8192);
    structuredClone(moved, { transfer: [moved] });
    pool.giveBack(moved);
    expect(pool.bytes).toBe(0);
    expect(pool.take(0).byteLength).toBe(4096);
  });
});
