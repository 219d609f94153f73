/** RIFF/WAVE to samples, for pictures only: what a model hears is decoded in Python. */
import type { DecodedSound } from "./decode.ts";

interface Format {
  /** 1: whole numbers, 3: floats (RFC 2361). */
  readonly tag: number;
  readonly channels: number;
  readonly sampleRate: number;
  readonly bits: number;
}

const EXTENSIBLE = 0xfffe;

/**
 * @param seconds at most this much from the beginning
 * @throws RangeError it is no WAV of whole numbers or floats
 */
export function decodeWav(bytes: Uint8Array, seconds: number): DecodedSound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let format: Format | undefined;
  for (let at = 12; at + 8 <= view.byteLength; ) {
    const length = view.getUint32(at + 4, true);
    const name = String.fromCharCode(...bytes.subarray(at, at + 4));
    if (name === "fmt ") format = readFormat(view, at + 8);
    if (name === "data" && format !== undefined) {
      return readData(view, at + 8, Math.min(length, view.byteLength - at - 8), format, seconds);
    }
    at += 8 + length + (length % 2);
  }
  throw new RangeError("no WAV file with a format and data");
}

function readFormat(view: DataView, at: number): Format {
  const tag = view.getUint16(at, true);
  return {
    // The sub-format of an extensible one begins with its tag.
    tag: tag === EXTENSIBLE ? view.getUint16(at + 24, true) : tag,
    channels: view.getUint16(at + 2, true),
    sampleRate: view.getUint32(at + 4, true),
    bits: view.getUint16(at + 14, true),
  };
}

function readData(
  view: DataView,
  start: number,
  length: number,
  { tag, channels, sampleRate, bits }: Format,
  seconds: number,
): DecodedSound {
  const read = sampleReader(view, tag, bits);
  const width = bits / 8;
  const frames = Math.min(Math.floor(length / (width * channels)), Math.ceil(seconds * sampleRate));
  const samples = Float32Array.from({ length: frames }, (_, frame) => {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) {
      sum += read(start + (frame * channels + channel) * width);
    }
    return sum / channels;
  });
  return { samples, sampleRate };
}

function sampleReader(view: DataView, tag: number, bits: number): (at: number) => number {
  if (tag === 3 && bits === 32) return (at) => view.getFloat32(at, true);
  if (tag === 3 && bits === 64) return (at) => view.getFloat64(at, true);
  if (tag === 1 && bits === 8) return (at) => view.getUint8(at) / 128 - 1;
  if (tag === 1 && bits === 16) return (at) => view.getInt16(at, true) / 2 ** 15;
  if (tag === 1 && bits === 24) {
    return (at) => (view.getInt8(at + 2) * 2 ** 16 + view.getUint16(at, true)) / 2 ** 23;
  }
  if (tag === 1 && bits === 32) return (at) => view.getInt32(at, true) / 2 ** 31;
  throw new RangeError(`WAV samples of format ${tag} with ${bits} bits`);
}
