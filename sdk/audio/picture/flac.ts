/**
 * FLAC to samples (RFC 9639), for pictures only: what a model hears is decoded in Python. Checksums are not
 * compared; a file that is no FLAC throws.
 */
import { BitReader } from "./bit-reader.ts";
import type { DecodedSound } from "./decode.ts";
import { readSubframe } from "./flac-subframe.ts";

interface StreamInfo {
  readonly sampleRate: number;
  readonly channels: number;
  readonly bits: number;
  /** Where the frames begin, in bytes. */
  readonly frames: number;
}

// Channel assignments of a frame (9.1.3) beyond independent channels.
const LEFT_SIDE = 8;
const SIDE_RIGHT = 9;
const MID_SIDE = 10;
/** Bits of a sample by their code (9.1.4); 0: those of the stream. */
const SAMPLE_BITS = [0, 8, 12, 0, 16, 20, 24, 32];

/**
 * @param seconds at least this much from the beginning is decoded, if there is as much
 * @throws RangeError it is no FLAC, or is damaged
 */
export function decodeFlac(bytes: Uint8Array, seconds: number): DecodedSound {
  const info = readStreamInfo(bytes);
  const reader = new BitReader(bytes, info.frames);
  const mono: number[] = [];
  while (!reader.isAtEnd && mono.length < seconds * info.sampleRate) {
    const channels = readFrame(reader, info);
    const scale = 2 ** (info.bits - 1) * channels.length;
    const count = channels[0]?.length ?? 0;
    for (let at = 0; at < count; at += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[at] ?? 0;
      mono.push(sum / scale);
    }
  }
  return { samples: Float32Array.from(mono), sampleRate: info.sampleRate };
}

function readStreamInfo(bytes: Uint8Array): StreamInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 42 || view.getUint32(0) !== 0x664c6143) throw new RangeError("no FLAC file");
  // 8.2: the first block is STREAMINFO, whose rate begins at its byte 10.
  const packed = view.getUint32(18);
  const sampleRate = packed >>> 12;
  const channels = ((packed >>> 9) & 7) + 1;
  const bits = ((packed >>> 4) & 31) + 1;
  let at = 4;
  for (let isLast = false; !isLast; ) {
    const header = view.getUint32(at);
    isLast = header >= 2 ** 31;
    at += 4 + (header & 0xffffff);
  }
  return { sampleRate, channels, bits, frames: at };
}

function readFrame(reader: BitReader, info: StreamInfo): number[][] {
  if (reader.unsigned(15) !== 0x7ffc) throw new RangeError("no FLAC frame where one should begin");
  reader.unsigned(1);
  const sizeCode = reader.unsigned(4);
  const rateCode = reader.unsigned(4);
  const assignment = reader.unsigned(4);
  const bits = SAMPLE_BITS[reader.unsigned(3)] || info.bits;
  reader.unsigned(1);
  skipCodedNumber(reader);
  const size = readBlockSize(reader, sizeCode);
  // 9.1.6: a rate that stands here repeats that of the stream.
  if (rateCode >= 12 && rateCode <= 14) reader.unsigned(rateCode === 12 ? 8 : 16);
  reader.unsigned(8);
  const count = assignment < LEFT_SIDE ? assignment + 1 : 2;
  const channels = Array.from({ length: count }, (_, channel) => {
    const isSide = channel === 0 ? assignment === SIDE_RIGHT : assignment !== SIDE_RIGHT;
    const extra = assignment >= LEFT_SIDE && isSide ? 1 : 0;
    return readSubframe(reader, size, bits + extra);
  });
  reader.skipToByte(2);
  return joinStereo(channels, assignment);
}

/** 9.1.5: coded like a character of UTF-8; as many ones as bytes begin the first. */
function skipCodedNumber(reader: BitReader): void {
  const first = reader.unsigned(8);
  const length = Math.clz32(~(first << 24));
  for (let byte = 1; byte < length; byte += 1) reader.unsigned(8);
}

function readBlockSize(reader: BitReader, code: number): number {
  if (code === 0) throw new RangeError("a FLAC frame of the reserved size 0");
  if (code === 1) return 192;
  if (code <= 5) return 576 * 2 ** (code - 2);
  if (code <= 7) return reader.unsigned(code === 6 ? 8 : 16) + 1;
  return 256 * 2 ** (code - 8);
}

/** Two channels from what stands for them: 4.2. */
function joinStereo(channels: number[][], assignment: number): number[][] {
  const [first = [], second = []] = channels;
  if (assignment === LEFT_SIDE) return [first, first.map((left, at) => left - (second[at] ?? 0))];
  if (assignment === SIDE_RIGHT)
    return [second.map((right, at) => right + (first[at] ?? 0)), second];
  if (assignment !== MID_SIDE) return channels;
  const sums = first.map((mid, at) => 2 * mid + ((second[at] ?? 0) & 1));
  return [
    sums.map((sum, at) => (sum + (second[at] ?? 0)) / 2),
    sums.map((sum, at) => (sum - (second[at] ?? 0)) / 2),
  ];
}
