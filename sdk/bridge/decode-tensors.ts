/** What has arrived: references leave the result, and arrays take their place. */

import { WireError } from "../errors.ts";
import { MAX_DEPTH } from "./encode-tensors.ts";
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
 * @throws WireError a reference that makes no sense, or a value nested too deep
 */
export function decodeTensors(
  value: unknown,
  read: (reference: TensorReference, target: Uint8Array) => void,
  memory: ResultMemory = freshMemory,
  depth = 0,
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > MAX_DEPTH)
    throw new WireError(`Python sent a result nested more than ${MAX_DEPTH} deep`);
  if (isTensor(value)) return decodeTensor(value.$t, read, memory);
  const record = value as Record<string, unknown>; // arrays too: their keys are their indices
  for (const key of Object.keys(record)) {
    const child = record[key];
    if (typeof child === "object" && child !== null)
      record[key] = decodeTensors(child, read, memory, depth + 1);
  }
  return value;
}

/** Generations of all slots that a message names: they must be given back, whatever becomes of it. */
export function findGenerations(message: unknown): number[] {
  const generations: number[] = [];
  const left: unknown[] = [message]; // not by recursion: a message may be nested deeper than our stack
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== "object" || value === null) continue;
    if (!isTensor(value)) for (const child of Object.values(value)) left.push(child);
    else if (typeof value.$t.generation === "number") generations.push(value.$t.generation);
  }
  return generations;
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
