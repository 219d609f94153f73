/** NumPy's file format, version 1.0 (NEP 1, "A Simple File Format for NumPy Arrays"). */

const MAGIC = [0x93, ...Buffer.from("NUMPY"), 1, 0];
const ALIGNMENT = 64;

/**
 * A float32 array as the bytes of an `.npy` file.
 *
 * @param data little-endian machines only, which is what Node runs on
 * @param shape C order
 */
export function encodeNpy(data: Float32Array, shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Magic, two bytes of length, the text, a newline: together a multiple of 64.
  const prefix = MAGIC.length + 2;
  const total = Math.ceil((prefix + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = `${text.padEnd(total - prefix - 1)}\n`;
  const file = Buffer.alloc(total + data.byteLength);
  file.set(MAGIC);
  file.writeUInt16LE(header.length, MAGIC.length);
  file.write(header, prefix, "latin1");
  file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), total);
  return file;
}
