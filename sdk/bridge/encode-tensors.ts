/**
 * What is sent: tensors leave the data, and references take their place. The bytes are copied while
 * the call is made: what a caller writes into an array afterwards does not reach Python (snapshot).
 */
import { types } from "node:util";
import { InvalidArgumentError } from "../errors.ts";
import type { Tensor, TensorReference, TensorType } from "./protocol.gen.ts";

/** Where the bytes of a tensor were put: in the arena, or inline. */
export type Placement = Pick<
  TensorReference,
  "offset" | "generation" | "reserve" | "base64" | "upload"
>;

/** orjson and msgspec stop at 1024 levels. */
export const MAX_DEPTH = 512;

/** By what an array calls itself: those of another realm (a `vm` context) are as good. */
const WIRE_TYPES: ReadonlyMap<string, TensorType> = new Map([
  ["Float16Array", "float16"],
  ["Float32Array", "float32"],
  ["Float64Array", "float64"],
  ["Int8Array", "int8"],
  ["Int16Array", "int16"],
  ["Int32Array", "int32"],
  ["BigInt64Array", "int64"],
  ["Uint8Array", "uint8"],
  ["Uint8ClampedArray", "uint8"],
  ["Uint16Array", "uint16"],
  ["Uint32Array", "uint32"],
  ["BigUint64Array", "uint64"],
]);

/** JSON has it, `JSON.stringify` leaves its sign out. Not in the library's types yet. */
const MINUS_ZERO = (JSON as JSON & { rawJSON(text: string): object }).rawJSON("-0.0");

/**
 * Replaces arrays by references, and refuses what JSON would silently change. A property that is
 * `undefined` is left out, as everywhere; -0 arrives as -0.0, which Python refuses where it wants an integer.
 *
 * @param place puts a tensor's bytes somewhere that Python can read
 * @returns what `JSON.stringify` takes
 * @throws InvalidArgumentError a number that is not finite, text that is not well-formed Unicode,
 *   a shape that does not fit its data, a kind of array or of object that the wire does not have (a Map, a
 *   Set, an ArrayBuffer without a view, an Error …), an array with an empty place
 */
export function encodeTensors(value: unknown, place: (bytes: Uint8Array) => Placement): unknown {
  return new TensorEncoder(place).encode(value);
}

class TensorEncoder {
  readonly #place: (bytes: Uint8Array) => Placement;
  /** Where in the data we are, for messages. */
  readonly #path: (string | number)[] = ["data"];

  constructor(place: (bytes: Uint8Array) => Placement) {
    this.#place = place;
  }

  encode(item: unknown): unknown {
    if (typeof item === "number") {
      if (Number.isFinite(item)) return Object.is(item, -0) ? MINUS_ZERO : item;
      throw this.#refusal("a finite number (put NaN and infinities into a typed array)", item);
    }
    if (typeof item === "string") {
      if (item.isWellFormed()) return item;
      throw this.#refusal("well-formed Unicode", item);
    }
    if (typeof item === "bigint" || typeof item === "function" || typeof item === "symbol") {
      throw this.#refusal("something that JSON has", item);
    }
    if (typeof item !== "object" || item === null) return item;
    if (this.#path.length > MAX_DEPTH) {
      throw this.#refusal(`nested at most ${MAX_DEPTH} deep`, item);
    }
    return this.#encodeObject(item);
  }

  #encodeObject(item: object): unknown {
    if (ArrayBuffer.isView(item)) return this.#encodeTensor(item, [elementCount(item)]);
    if (isTensorValue(item)) return this.#encodeTensor(item.data, item.shape);
    if (Array.isArray(item)) return this.#encodeArray(item);
    if ("toJSON" in item && typeof item.toJSON === "function")
      return this.#encodeOwnForm(item, item.toJSON());
    return this.#encodeProperties(item);
  }

  #encodeProperties(item: object): unknown {
    if (!hasOnlyProperties(item)) throw this.#refusal(PLAIN, item);
    return Object.fromEntries(
      Object.entries(item).map(([key, child]) => {
        if (!key.isWellFormed()) throw this.#refusal("without keys of broken Unicode", item);
        return [key, this.#encodeChild(key, child)];
      }),
    );
  }

  /** What an object says itself that it is in JSON; a date that is none says null. */
  #encodeOwnForm(item: object, form: unknown): unknown {
    if (form === null && types.isDate(item)) throw this.#refusal("a valid date", item);
    return form === item ? this.#encodeProperties(item) : this.encode(form);
  }

  /** Not by `map`, which passes empty places over; JSON makes null of them. */
  #encodeArray(items: readonly unknown[]): unknown[] {
    const encoded: unknown[] = [];
    for (let index = 0; index < items.length; index += 1) {
      const item = this.#encodeChild(index, items[index]);
      if (item === undefined) {
        this.#path.push(index);
        throw this.#refusal("there (JSON would make it null)", items[index]);
      }
      encoded.push(item);
    }
    return encoded;
  }

  #encodeChild(key: string | number, child: unknown): unknown {
    this.#path.push(key);
    const encoded = this.encode(child);
    this.#path.pop();
    return encoded;
  }

  #encodeTensor(data: ArrayBufferView, shape: readonly number[]): Tensor {
    const type = WIRE_TYPES.get(String(Reflect.get(data, Symbol.toStringTag)));
    if (type === undefined) throw this.#refusal(`one of ${[...WIRE_TYPES.keys()]}`, data);
    if (data.buffer instanceof ArrayBuffer && data.buffer.detached) {
      throw this.#refusal("an array that still has its memory (its buffer was transferred)", data);
    }
    const count = shape.reduce((product, size) => product * size, 1);
    const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isShape || count !== elementCount(data)) {
      throw this.#refusal(`${elementCount(data)} numbers in the shape [${shape}]`, data);
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const placement = bytes.byteLength === 0 ? { base64: "" } : this.#place(bytes);
    return { $t: { dtype: type, shape: [...shape], ...placement } };
  }

  #refusal(expected: string, item: unknown): InvalidArgumentError {
    const keys = this.#path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`));
    return new InvalidArgumentError(keys.join("").slice(1), expected, item);
  }
}

const PLAIN = "a plain object, an array or a typed array";

/**
 * Whether an object is no more than its properties, which are all that JSON takes: those of a Map, a
 * promise or a boxed number it would lose. Whoever has more than properties calls itself otherwise.
 */
function hasOnlyProperties(item: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(item);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.prototype.toString.call(item) === "[object Object]";
}

function isTensorValue(item: object): item is { data: ArrayBufferView; shape: readonly number[] } {
  return (
    "data" in item && ArrayBuffer.isView(item.data) && "shape" in item && Array.isArray(item.shape)
  );
}

function elementCount(data: ArrayBufferView): number {
  return "length" in data ? Number(data.length) : data.byteLength;
}
