/** Memory that results are written into again and again: touching fresh memory costs more than copying. */
import { InvalidArgumentError } from "../errors.ts";
import type { ResultMemory } from "./decode-tensors.ts";
import type { TensorType } from "./protocol.gen.ts";
import { arrayOf, type TypedArray } from "./tensors.ts";

/** The caller's own array: it takes the only tensor of a result. */
export class OutMemory implements ResultMemory {
  readonly #out: TypedArray;
  #isUsed = false;

  constructor(out: TypedArray) {
    this.#out = out;
  }

  /** @throws InvalidArgumentError a tensor of another type, one that is longer, or a second one */
  allocate(type: TensorType, count: number): TypedArray {
    if (this.#isUsed) {
      throw new InvalidArgumentError(
        "out",
        "a result with one tensor (this one has more)",
        this.#out,
      );
    }
    const Type = arrayOf(type);
    if (!(this.#out instanceof Type) || this.#out.length < count) {
      throw new InvalidArgumentError("out", `a ${Type.name} of at least ${count}`, this.#out);
    }
    this.#isUsed = true;
    return this.#out.subarray(0, count);
  }

  /** @throws InvalidArgumentError the result had no tensor: the array holds what it held before */
  finish(): void {
    if (this.#isUsed) return;
    const expected =
      'a result with a tensor (where none is shared, `reply: "tensor"` asks for one)';
    throw new InvalidArgumentError("out", expected, this.#out);
  }
}

/** Smallest buffer of the pool, bytes: a page. */
const SMALLEST = 4096;

/** Buffers of powers of two, taken and given back. */
export class BufferPool {
  readonly #free = new Map<number, ArrayBuffer[]>();
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes what lies unused at most */
  constructor(maxBytes: number = 256 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that wait to be used again. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of at least so many bytes; it holds what it held before. */
  take(bytes: number): ArrayBuffer {
    const size = Math.max(SMALLEST, 2 ** Math.ceil(Math.log2(bytes)));
    const buffer = this.#free.get(size)?.pop();
    if (buffer === undefined) return new ArrayBuffer(size);
    this.#bytes -= size;
    return buffer;
  }

  /** Nobody may look at it any more. One that the pool has no room for is left to the collector. */
  giveBack(buffer: ArrayBuffer): void {
    const size = buffer.byteLength; // 0 where its owner has transferred it
    if (size === 0 || this.#bytes + size > this.#maxBytes) return;
    const buffers = this.#free.get(size) ?? [];
    buffers.push(buffer);
    this.#free.set(size, buffers);
    this.#bytes += size;
  }

  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}

/** The arrays of one result, in buffers of the pool. */
export class LeasedMemory implements ResultMemory {
  readonly #pool: BufferPool;
  readonly #buffers: ArrayBuffer[] = [];

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  allocate(type: TensorType, count: number): TypedArray {
    const Type = arrayOf(type);
    const buffer = this.#pool.take(count * Type.BYTES_PER_ELEMENT);
    this.#buffers.push(buffer);
    return new Type(buffer, 0, count);
  }

  /** Gives the buffers back; a second time does nothing. */
  release(): void {
    for (const buffer of this.#buffers.splice(0)) this.#pool.giveBack(buffer);
  }
}
