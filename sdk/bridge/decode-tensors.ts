/** What has arrived: references leave the result, and arrays take their place. */
import type { Tensor, TensorReference, TensorType } from "./protocol.gen.ts";
import { arrayOf, type TensorValue, type TypedArray } from "./tensors.ts";

/** Where the numbers of a result go. */
export interface ResultMemory {
  /** An array of so many numbers; what it holds is written over. */
  allocate(type: TensorType, count: number): TypedArray;
}

/**
 * Replaces references by arrays, in place.
 *
 * @param read copies the bytes of a reference into the buffer
 * @param memory where the arrays lie
 * @throws WireError a reference that makes no sense
 */
export function decodeTensors(
  value: unknown,
  read: (reference: TensorReference, target: Uint8Array) => void,
  memory: ResultMemory = freshMemory,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (isTensor(value)) return decodeTensor(value.$t, read, memory);
  const record = value as Record<string, unknown>; // arrays too: their keys are their indices
  for (const key of Object.keys(record)) {
    const child = record[key];
    if (typeof child === "object" && child !== null)
      record[key] = decodeTensors(child, read, memory);
  }
  return value;
}

/** Generations of all slots that a message names: they must be given back, whatever becomes of it. */
export function findGenerations(value: unknown): number[] {
  if (typeof value !== "object" || value === null) return [];
  if (!isTensor(value)) return Object.values(value).flatMap(findGenerations);
  return typeof value.$t.generation === "number" ? [value.$t.generation] : [];
}

function decodeTensor(
  reference: TensorReference,
  read: (reference: TensorReference, target: Uint8Array) => void,
  memory: ResultMemory,
): TensorValue {
  const count = reference.shape.reduce((product, size) => product * size, 1);
  const data = memory.allocate(reference.dtype, count);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.byteLength > 0) read(reference, bytes);
  return { data, shape: reference.shape };
}

/** Each result in memory of its own. */
const freshMemory: ResultMemory = {
  allocate(type, count) {
    const Type = arrayOf(type);
    return new Type(new ArrayBuffer(count * Type.BYTES_PER_ELEMENT));
  },
};

function isTensor(value: object): value is Tensor {
  return "$t" in value && typeof value.$t === "object" && value.$t !== null;
}
