/** Reads numbers of any width from bytes, most significant bit first. */
export class BitReader {
  readonly #bytes: Uint8Array;
  /** In bits. */
  #at: number;

  constructor(bytes: Uint8Array, byteOffset: number) {
    this.#bytes = bytes;
    this.#at = byteOffset * 8;
  }

  get isAtEnd(): boolean {
    return this.#at + 8 > this.#bytes.length * 8;
  }

  /** @param bits at most 32 */
  unsigned(bits: number): number {
    let value = 0;
    for (let left = bits; left > 0; ) {
      const used = this.#at & 7;
      const take = Math.min(8 - used, left);
      const part = (this.#byte() >> (8 - used - take)) & ((1 << take) - 1);
      value = value * 2 ** take + part;
      this.#at += take;
      left -= take;
    }
    return value;
  }

  /** Two's complement. */
  signed(bits: number): number {
    const value = this.unsigned(bits);
    return bits > 0 && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
  }

  /** Zeros before the next one. */
  unary(): number {
    let zeros = 0;
    for (;;) {
      const used = this.#at & 7;
      const rest = (this.#byte() << used) & 0xff;
      if (rest !== 0) {
        const before = Math.clz32(rest) - 24;
        this.#at += before + 1;
        return zeros + before;
      }
      zeros += 8 - used;
      this.#at += 8 - used;
    }
  }

  /** Goes on at the next whole byte, or `bytes` further. */
  skipToByte(bytes = 0): void {
    this.#at = (Math.ceil(this.#at / 8) + bytes) * 8;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at >> 3];
    if (byte === undefined) throw new RangeError("the file ends within a frame");
    return byte;
  }
}
