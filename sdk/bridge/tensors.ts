/** Tensors as a caller has them: numbers with a shape. On the wire they are `{"$t": {…}}`. */
import { WireError } from "../errors.ts";
import type { Tensor, TensorType } from "./protocol.gen.ts";

/** The arrays that travel as bytes. */
export type TypedArray =
  | Float16Array
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

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

interface ArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, offset?: number, length?: number): TypedArray;
}

/** What an array of a type is made with. */
const ARRAYS: ReadonlyMap<TensorType, ArrayConstructor> = new Map<TensorType, ArrayConstructor>([
  ["float16", Float16Array],
  ["float32", Float32Array],
  ["float64", Float64Array],
  ["int8", Int8Array],
  ["int16", Int16Array],
  ["int32", Int32Array],
  ["int64", BigInt64Array],
  ["uint8", Uint8Array],
  ["uint16", Uint16Array],
  ["uint32", Uint32Array],
  ["uint64", BigUint64Array],
]);

/** @throws WireError a type that the wire does not have */
export function arrayOf(type: TensorType): ArrayConstructor {
  const found = ARRAYS.get(type);
  if (found === undefined) throw new WireError(`Python sent a tensor of ${type}`);
  return found;
}
