/** Arrays of float32 as files that NumPy reads (format 1.0, little-endian, C order). */
import { InvalidArgumentError } from "../../errors.ts";

/** An array of float32 with its shape. */
export interface Floats {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

const MAGIC = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
const HEADER_AT = MAGIC.length + 2;
/** The format wants the numbers to begin at a multiple of this. */
const ALIGNMENT = 64;

export function encodeNpy({ data, shape }: Floats): Uint8Array {
  const sizes = `${shape.join(", ")}${shape.length === 1 ? "," : ""}`;
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((HEADER_AT + text.length + 1) / ALIGNMENT) * ALIGNMENT - HEADER_AT;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(length);
  const header = Buffer.from(`${text.padEnd(length - 1)}\n`, "latin1");
  return Buffer.concat([MAGIC, size, header, asBytes(data)]);
}

/** @throws InvalidArgumentError not a file that `encodeNpy` has written */
export function decodeNpy(bytes: Uint8Array): Floats {
  const buffer = Buffer.from(bytes); // a copy: the numbers must begin at a multiple of four
  const start = HEADER_AT + (buffer.length < HEADER_AT ? 0 : buffer.readUInt16LE(MAGIC.length));
  const header = buffer.toString("latin1", HEADER_AT, start);
  const sizes = /'descr': '<f4', 'fortran_order': False, 'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  const shape = (sizes ?? "").split(",").flatMap((part) => (part.trim() ? [Number(part)] : []));
  const count = shape.reduce((product, size) => product * size, 1);
  if (sizes === undefined || buffer.length !== start + 4 * count) {
    throw new InvalidArgumentError("npy", "float32 in C order, whole", header);
  }
  const data = new Float32Array(count);
  asBytes(data).set(buffer.subarray(start));
  return { data, shape };
}

function asBytes({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
