import { types } from "node:util";
import type { MimeBundle } from "../mime.ts";
import { table } from "../table.ts";
import { isPlainObject } from "./plain-object.ts";

type TypedArray = NodeJS.TypedArray;
const HEAD = 8;

/** A typed array, or `{ data, shape }` with one: its type, shape and range, and how it begins. */
export function numbersBundle(value: object): MimeBundle | undefined {
  const found = arrayOf(value);
  if (found === undefined) return undefined;
  const { values, shape } = found;
  const dtype = values.constructor.name.replace("Array", "").toLowerCase();
  const size = shape.join(" × ");
  const range = rangeOf(values);
  const head = [...values.subarray(0, HEAD)].map((one) => short(Number(one)));
  if (values.length > HEAD) head.push("…");
  const facts = { dtype, shape: size, ...range };
  const words = Object.entries(range).map(([name, one]) => `${name} ${short(one)}`);
  return {
    "text/plain": `${dtype} [${size}]: ${words.join(", ")}\n${head.join(", ")}`,
    "text/html": `${table([facts]).source}<code>${head.join(", ")}</code>`,
  };
}

function arrayOf(value: object): { values: TypedArray; shape: readonly number[] } | undefined {
  // A Buffer is bytes, not numbers: Node prints it as such.
  if (types.isTypedArray(value) && !Buffer.isBuffer(value)) {
    return value.length === 0 ? undefined : { values: value, shape: [value.length] };
  }
  if (!isPlainObject(value) || Object.keys(value).length !== 2) return undefined;
  const { data, shape } = value;
  if (!types.isTypedArray(data) || data.length === 0 || !Array.isArray(shape)) return undefined;
  const count = shape.reduce((product: number, size: unknown) => product * Number(size), 1);
  return count === data.length ? { values: data, shape } : undefined;
}

/** Least, greatest and mean of what is a number, and how many are none. */
function rangeOf(values: TypedArray): Record<string, number> {
  let [min, max, sum, nan] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const one of values) {
    const number = Number(one);
    if (Number.isNaN(number)) {
      nan += 1;
      continue;
    }
    if (number < min) min = number;
    if (number > max) max = number;
    sum += number;
  }
  const numbers = values.length - nan;
  if (numbers === 0) return { NaN: nan };
  return { min, max, mean: sum / numbers, NaN: nan };
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}
