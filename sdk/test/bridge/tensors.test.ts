import { runInNewContext } from "node:vm";
import { describe, expect, expectTypeOf, it } from "vitest";
import { decodeTensors } from "../../bridge/decode-tensors.ts";
import { encodeTensors, type Placement } from "../../bridge/encode-tensors.ts";
import type { OperationData, OperationResult } from "../../bridge/operation-types.ts";
import type { TensorValue, TypedArray } from "../../bridge/tensors.ts";
import { InvalidArgumentError } from "../../errors.ts";

/** Every tensor inline, which shows the very bytes. */
function inline(bytes: Uint8Array): Placement {
  return { base64: Buffer.from(bytes).toString("base64") };
}

function refuse(): never {
  throw new Error("no tensor was expected");
}

function roundTrip(value: unknown): unknown {
  const line: unknown = JSON.parse(JSON.stringify(encodeTensors(value, inline)));
  return decodeTensors(line, (reference, target) =>
    target.set(Buffer.from(reference.base64 ?? "", "base64")),
  );
}

function transferred(): Float32Array {
  const array = new Float32Array(4);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

const arrays: readonly (readonly [string, TypedArray])[] = [
  ["float32", Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45)],
  ["float64", Float64Array.of(Math.PI, Number.MIN_VALUE)],
  ["int16", Int16Array.of(-32_768, 32_767)],
  ["int32", Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
  ["int64", BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)],
  ["uint8", Uint8Array.of(0, 255)],
  ["int8", Int8Array.of(-128, 127)],
  ["uint16", Uint16Array.of(0, 65_535)],
  ["uint32", Uint32Array.of(0, 2 ** 32 - 1)],
  ["uint64", BigUint64Array.of(0n, 2n ** 64n - 1n)],
  ["float16", Float16Array.of(1.5, -0, Number.NaN, 65_504, 2 ** -24)],
];

describe("encodeTensors and decodeTensors", () => {
  it.each(arrays)("carry %s unchanged", (_dtype, data) => {
    const back = roundTrip({ a: [{ data, shape: [1, data.length] }] });
    expect(back).toEqual({ a: [{ data, shape: [1, data.length] }] });
  });

  it("carry clamped bytes as bytes", () => {
    const back = roundTrip(Uint8ClampedArray.of(0, 255));
    expect(back).toEqual({ data: Uint8Array.of(0, 255), shape: [2] });
  });

  it("13: keep the payload bits of a NaN", () => {
    const bits = Uint32Array.of(0x7fc0_1234, 0xffc0_0001);
    const back = roundTrip({ data: new Float32Array(bits.buffer), shape: [2] }) as TensorValue;
    expect(new Uint32Array(back.data.buffer)).toEqual(bits);
  });

  it("29: send a sub-array with an offset, and nothing around it", () => {
    const whole = Float32Array.of(1, 2, 3, 4, 5);
    const back = roundTrip({ data: whole.subarray(1, 4), shape: [3] });
    expect(back).toEqual({ data: Float32Array.of(2, 3, 4), shape: [3] });
  });

  it("take a bare typed array as a row", () => {
    expect(roundTrip(Float32Array.of(1, 2))).toEqual({ data: Float32Array.of(1, 2), shape: [2] });
  });

  it("carry an empty tensor without asking for memory", () => {
    const encoded = encodeTensors({ data: new Float32Array(0), shape: [1, 0] }, refuse);
    expect(encoded).toEqual({ $t: { dtype: "float32", shape: [1, 0], base64: "" } });
  });

  it("29: copy at once: later changes to the array do not travel", () => {
    const data = Float32Array.of(1, 2);
    const encoded = encodeTensors({ data, shape: [2] }, inline);
    data.fill(9);
    const expected = inline(new Uint8Array(Float32Array.of(1, 2).buffer)).base64;
    expect(encoded).toMatchObject({ $t: { base64: expected } });
  });

  it.each([
    ["data.a[1]", { a: [1, Number.NaN] }, "a finite number"],
    ["data.a.b", { a: { b: Number.POSITIVE_INFINITY } }, "a finite number"],
    ["data.text", { text: "\ud800" }, "well-formed Unicode"],
    ["data.text", { text: { "\udfff": 1 } }, "without keys of broken Unicode"],
    ["data.n", { n: 1n }, "something that JSON has"],
    ["data.f", { f: () => 1 }, "something that JSON has"],
    ["data.x", { x: { data: Float32Array.of(1, 2), shape: [3] } }, "2 numbers in the shape [3]"],
    ["data.x", { x: { data: Float32Array.of(1), shape: [-1, -1] } }, "1 numbers in the shape"],
    ["data.x", { x: new DataView(new ArrayBuffer(1)) }, "one of Float16Array,Float32Array"],
    ["data.x", { x: transferred() }, "an array that still has its memory"],
    ["data.a[1]", { a: [1, undefined] }, "there (JSON would make it null)"],
    ["data.a[0]", { a: new Array(1) }, "there (JSON would make it null)"],
    ["data.a[0]", { a: [{ toJSON: () => undefined }] }, "there (JSON would make it null)"],
    ["data.at", { at: new Date(Number.NaN) }, "a valid date"],
  ])("29: refuse what JSON would change: %s", (field, data, expected) => {
    const encode = (): unknown => encodeTensors(data, inline);
    expect(encode).toThrow(InvalidArgumentError);
    expect(encode).toThrow(`\`${field}\` to be ${expected}`);
  });

  it.each<readonly [string, object]>([
    ["Map", new Map([["a", 1]])],
    ["Map of another realm", runInNewContext("new Map([['a', 1]])")],
    ["class of Map", new (class extends Map {})()],
    ["Set", new Set([1])],
    ["WeakMap", new WeakMap()],
    ["WeakSet", new WeakSet()],
    ["WeakRef", new WeakRef({})],
    ["Promise", Promise.resolve(1)],
    ["RegExp", /a/],
    ["Error", new TypeError("a")],
    ["ArrayBuffer", new ArrayBuffer(1)],
    ["SharedArrayBuffer", new SharedArrayBuffer(1)],
    ["Number", Object(1)],
    ["String", Object("a")],
    ["Boolean", Object(false)],
    ["BigInt", Object(1n)],
    ["Symbol", Object(Symbol("a"))],
    ["iterator", [1].values()],
    ["Headers", new Headers({ a: "1" })],
  ])("29: refuse a %s, of which JSON would leave nothing or something else", (_kind, item) => {
    const encode = (): unknown => encodeTensors({ list: [0, { item }] }, inline);
    expect(encode).toThrow(InvalidArgumentError);
    expect(encode).toThrow("`data.list[1].item` to be a plain object, an array or a typed array");
  });

  it("carry objects of any making by their properties, and what says itself how it is in JSON", () => {
    const clip = new (class {
      readonly name = "a";
      readonly #hidden = 1;
      readonly left = this.#hidden === 1 ? undefined : 0;
    })();
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });
    const foreign: unknown = runInNewContext("({ list: [{ a: 1 }] })");
    const when = new Date(0);
    const own = { toJSON: () => ({ a: [1] }) };
    const itself = new (class {
      readonly b = 2;
      toJSON(): unknown {
        return this;
      }
    })();
    expect(roundTrip({ clip, bare, foreign, when, own, itself })).toEqual({
      clip: { name: "a" },
      bare: { a: 1 },
      foreign: { list: [{ a: 1 }] },
      when: "1970-01-01T00:00:00.000Z",
      own: { a: [1] },
      itself: { b: 2 },
    });
  });

  it("13: keep the sign of a zero among plain numbers", () => {
    expect(JSON.stringify(encodeTensors({ x: -0, list: [0, -0] }, inline))).toBe(
      '{"x":-0.0,"list":[0,-0.0]}',
    );
    expect(roundTrip([0, -0])).toEqual([0, -0]);
  });

  it("refuse data that contains itself", () => {
    const data: Record<string, unknown> = {};
    data["self"] = data;
    expect(() => encodeTensors(data, inline)).toThrow("nested at most");
  });

  it("11: leave prototypes alone", () => {
    const hostile: unknown = JSON.parse('{"__proto__": {"polluted": true}, "a": {"$t": null}}');
    decodeTensors(hostile, refuse);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
    expect(Object.getPrototypeOf(hostile)).toBe(Object.prototype);
    const encoded = encodeTensors(hostile, inline);
    expect(Object.getPrototypeOf(encoded)).toBe(Object.prototype);
  });
});

describe("types of operations", () => {
  it("take arrays where the wire has tensors, and give typed arrays back", () => {
    expectTypeOf<OperationResult<"extract_features">["features"]>().toEqualTypeOf<
      TensorValue | unknown[]
    >();
    expectTypeOf<{ audio: { samples: Float32Array; sample_rate: number } }>().toExtend<
      OperationData<"extract_features">
    >();
    expectTypeOf<{ audio: readonly number[] }>().toExtend<OperationData<"process_audio">>();
    expectTypeOf<{ prompt: string }>().not.toExtend<OperationData<"process_audio">>();
  });
});
