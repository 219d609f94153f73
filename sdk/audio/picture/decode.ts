import { extname } from "node:path";
import type { ClipSource } from "../audio-clip.ts";
import { readSound } from "../playable-sound.ts";
import { decodeFlac } from "./flac.ts";
import { decodeWav } from "./wav-samples.ts";

/** Channels mixed to their mean. */
export interface DecodedSound {
  /** In [-1, 1]. */
  readonly samples: Float32Array;
  /** Hz. */
  readonly sampleRate: number;
}

const DECODERS: Readonly<Record<string, typeof decodeWav>> = {
  ".wav": decodeWav,
  ".flac": decodeFlac,
};

/**
 * The samples that a picture of a clip is drawn from.
 *
 * @param seconds at most this much
 * @throws RangeError a file of a form that only Python decodes (ogg, mp3), or a damaged one
 */
export function decodeClip(source: ClipSource, seconds: number): DecodedSound {
  if (source.kind === "samples") return mix(source.channels, source.sampleRate, seconds);
  const { path, range } = source;
  const form = extname(path).toLowerCase();
  const decode = DECODERS[form];
  if (decode === undefined) {
    throw new RangeError(`no picture of ${form} files, which only Python decodes`);
  }
  const { offset = 0, duration = Number.POSITIVE_INFINITY } = range;
  const heard = Math.min(seconds, duration);
  const { samples, sampleRate } = decode(readSound(path), offset + heard);
  const start = Math.round(offset * sampleRate);
  return { samples: samples.subarray(start, start + Math.round(heard * sampleRate)), sampleRate };
}

function mix(channels: readonly Float32Array[], sampleRate: number, seconds: number): DecodedSound {
  const length = Math.min(channels[0]?.length ?? 0, Math.round(seconds * sampleRate));
  const samples = Float32Array.from({ length }, (_, at) => {
    let sum = 0;
    for (const channel of channels) sum += channel[at] ?? 0;
    return sum / channels.length;
  });
  return { samples, sampleRate };
}
