/**
 * Tensors in data and results: `TensorValue` on this side, `{"$t": {…}}` on the wire.
 *
 * The bytes are copied while the call is made: what a caller writes into an array afterwards does
 * not reach Python (snapshot), and a result is the caller's own array.
 */
import { InvalidArgumentError, WireError } from "../errors.ts";
import type { Tensor, TensorReference } from "./protocol.gen.ts";

/** The arrays that travel as bytes. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array;

/** Numbers with a shape, in C order (last index fastest). */
export interface TensorValue<Data extends TypedArray = TypedArray> {
  readonly data: Data;
  readonly shape: readonly number[];
}

/** `T` as a caller writes it: wherever the wire has a tensor, an array with its shape. */
export type WithTensors<T> = T extends Tensor
  ? TensorValue | TypedArray
  : T extends readonly (infer Item)[]
    ? readonly WithTensors<Item>[]
    : T extends object
      ? { [Key in keyof T]: WithTensors<T[Key]> }
      : T;

/** `T` as a caller gets it. */
export type Received<T> = T extends Tensor
  ? TensorValue
  : T extends readonly (infer Item)[]
    ? Received<Item>[]
    : T extends object
      ? { [Key in keyof T]: Received<T[Key]> }
      : T;

/** Where the bytes of a tensor were put: in the arena, or inline. */
export type Placement = Pick<TensorReference, "offset" | "generation" | "base64">;

type WireType = TensorReference["dtype"];

/** orjson and msgspec stop at 1024 levels. */
const MAX_DEPTH = 512;

const WIRE_TYPES: readonly (readonly [WireType, new (bytes: ArrayBuffer) => TypedArray])[] = [
  ["float32", Float32Array],
  ["float64", Float64Array],
  ["int16", Int16Array],
  ["int32", Int32Array],
  ["int64", BigInt64Array],
  ["uint8", Uint8Array],
];

/**
 * Replaces arrays by references, and refuses what JSON would silently change.
 *
 * @param place puts a tensor's bytes somewhere that Python can read
 * @throws InvalidArgumentError a number that is not finite, text that is not well-formed Unicode,
 *   a shape that does not fit its data, a kind of array that the wire does not have
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
      if (Number.isFinite(item)) return item;
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
    if (Array.isArray(item)) return item.map((child, index) => this.#encodeChild(index, child));
    if ("toJSON" in item && typeof item.toJSON === "function") return this.encode(item.toJSON());
    return Object.fromEntries(
      Object.entries(item).map(([key, child]) => [key, this.#encodeChild(key, child)]),
    );
  }

  #encodeChild(key: string | number, child: unknown): unknown {
    this.#path.push(key);
    const encoded = this.encode(child);
    this.#path.pop();
    return encoded;
  }

  #encodeTensor(data: ArrayBufferView, shape: readonly number[]): Tensor {
    const type = WIRE_TYPES.find(([, ArrayType]) => data instanceof ArrayType);
    if (type === undefined) throw this.#refusal(`one of ${WIRE_TYPES.map(([name]) => name)}`, data);
    const count = shape.reduce((product, size) => product * size, 1);
    const isShape = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    if (!isShape || count !== elementCount(data)) {
      throw this.#refusal(`${elementCount(data)} numbers in the shape [${shape}]`, data);
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const placement = bytes.byteLength === 0 ? { base64: "" } : this.#place(bytes);
    return { $t: { dtype: type[0], shape: [...shape], ...placement } };
  }

  #refusal(expected: string, item: unknown): InvalidArgumentError {
    const keys = this.#path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`));
    return new InvalidArgumentError(keys.join("").slice(1), expected, item);
  }
}

/**
 * Replaces references by arrays, in place.
 *
 * @param read copies the bytes of a reference into the buffer
 * @throws WireError a reference that makes no sense
 */
export function decodeTensors(
  value: unknown,
  read: (reference: TensorReference, target: Uint8Array) => void,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return decodeTensor(value.$t, read);
  const record = value as Record<string, unknown>; // arrays too: their keys are their indices
  for (const key of Object.keys(record)) {
    const child = record[key];
    if (typeof child === "object" && child !== null) record[key] = decodeTensors(child, read);
  }
  return value;
}

function decodeTensor(
  reference: TensorReference,
  read: (reference: TensorReference, target: Uint8Array) => void,
): TensorValue {
  const type = WIRE_TYPES.find(([name]) => name === reference.dtype);
  if (type === undefined) throw new WireError(`Python sent a tensor of ${reference.dtype}`);
  const count = reference.shape.reduce((product, size) => product * size, 1);
  const bytes = new Uint8Array(count * WIRE_BYTES[reference.dtype]);
  if (bytes.byteLength > 0) read(reference, bytes);
  const [, ArrayType] = type;
  return { data: new ArrayType(bytes.buffer), shape: reference.shape };
}

const WIRE_BYTES: Readonly<Record<WireType, number>> = {
  float32: 4,
  float64: 8,
  int16: 2,
  int32: 4,
  int64: 8,
  uint8: 1,
};

function isTensorValue(item: object): item is { data: ArrayBufferView; shape: readonly number[] } {
  return (
    "data" in item && ArrayBuffer.isView(item.data) && "shape" in item && Array.isArray(item.shape)
  );
}

function isTensor(value: object): value is Tensor {
  return "$t" in value && typeof value.$t === "object" && value.$t !== null;
}

function elementCount(data: ArrayBufferView): number {
  return "length" in data ? Number(data.length) : data.byteLength;
}
