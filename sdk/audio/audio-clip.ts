import { basename, extname, resolve } from "node:path";
import { escapeMarkup } from "../display/html.ts";
import type { MimeBundle } from "../display/mime.ts";
import { InvalidArgumentError } from "../errors.ts";
import { ShownObject } from "../shown-object.ts";
import { playableSound, readSound } from "./playable-sound.ts";
import { encodeWav, type WavEncoding } from "./wav.ts";

/** Anything of the shape of the Web Audio API's AudioBuffer, which Node does not have. */
export interface AudioBufferLike {
  readonly sampleRate: number;
  readonly numberOfChannels: number;
  getChannelData(channel: number): Float32Array;
}

/** Which part of a file is meant, in seconds. */
export interface ClipRange {
  /** @default 0 */
  readonly offset?: number;
  /** @default to the end */
  readonly duration?: number;
}

/** What a clip is made of: a file that Python decodes, or samples in memory. */
export type ClipSource =
  | { readonly kind: "file"; readonly path: string; readonly range: ClipRange }
  | {
      readonly kind: "samples";
      readonly channels: readonly Float32Array[];
      readonly sampleRate: number;
    };

/**
 * A piece of audio. The last expression of a notebook cell shows it as a player with its waveform and mel
 * spectrogram (of samples, wav and flac).
 *
 * @example
 * const tone = AudioClip.fromSamples(new Float32Array(16_000), 16_000);
 */
export class AudioClip extends ShownObject {
  readonly source: ClipSource;

  private constructor(source: ClipSource) {
    super(describeClip(source), () => playerBundle(source));
    this.source = source;
  }

  /** A clip in a file (wav, flac, ogg, mp3); Python decodes it when a model hears it. */
  static fromFile(path: string, range: ClipRange = {}): AudioClip {
    return new AudioClip({ kind: "file", path: resolve(path), range });
  }

  /**
   * A clip of samples in [-1, 1]; the arrays are kept, not copied.
   *
   * @param samples one array, or one per channel
   * @param sampleRate Hz
   * @throws InvalidArgumentError no channel, channels of unequal length, a rate that is no rate
   */
  static fromSamples(
    samples: Float32Array | readonly Float32Array[],
    sampleRate: number,
  ): AudioClip {
    const channels = samples instanceof Float32Array ? [samples] : samples;
    if (!Number.isInteger(sampleRate) || sampleRate < 1) {
      throw new InvalidArgumentError("sampleRate", "a whole number of Hz >= 1", sampleRate);
    }
    if (!Array.isArray(channels) || channels.length === 0) {
      throw new InvalidArgumentError("samples", "a Float32Array, or one per channel", samples);
    }
    for (const channel of channels) {
      if (!(channel instanceof Float32Array) || channel.length !== channels[0]?.length) {
        throw new InvalidArgumentError("samples", "Float32Arrays of equal length", channel);
      }
    }
    return new AudioClip({ kind: "samples", channels, sampleRate });
  }

  /** A clip from an AudioBuffer of any implementation. */
  static fromBuffer(buffer: AudioBufferLike): AudioClip {
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, channel) =>
      buffer.getChannelData(channel),
    );
    return AudioClip.fromSamples(channels, buffer.sampleRate);
  }

  /** Seconds, where they are known without decoding: clips of samples. */
  get seconds(): number | undefined {
    return secondsOf(this.source);
  }

  /**
   * The clip as a WAV file. A clip of a file is not decoded here: only a whole `.wav` is returned.
   *
   * @throws InvalidArgumentError the file cannot be read or is not a WAV, or only a part is meant
   */
  wav(encoding: WavEncoding = "float32"): Uint8Array {
    const { source } = this;
    if (source.kind === "samples") return encodeWav(source.channels, source.sampleRate, encoding);
    const isWhole = source.range.offset === undefined && source.range.duration === undefined;
    if (isWhole && extname(source.path).toLowerCase() === ".wav") return readSound(source.path);
    throw new InvalidArgumentError("clip", "made of samples, or a whole .wav file", source.path);
  }
}

function secondsOf(source: ClipSource): number | undefined {
  if (source.kind === "file") return undefined;
  return (source.channels[0]?.length ?? 0) / source.sampleRate;
}

function describeClip(source: ClipSource): string {
  if (source.kind === "file") return `AudioClip(${basename(source.path)})`;
  const seconds = secondsOf(source)?.toFixed(2);
  return `AudioClip(${seconds} s, ${source.channels.length} × ${source.sampleRate} Hz)`;
}

/** A player whose bytes stand in the page, so that it also plays offline, and a picture of the sound. */
async function playerBundle(source: ClipSource): Promise<MimeBundle> {
  const { type, bytes, part } = playableSound(source);
  const url = `data:${type};base64,${Buffer.from(bytes).toString("base64")}${part}`;
  const title = escapeMarkup(describeClip(source));
  const audio = `<audio controls title="${title}" src="${url}"></audio>`;
  const { picture, reason } = await pictureOf(source);
  const image = picture === undefined ? "" : `<br/><img alt="${title}" src="${picture}"/>`;
  const note = reason === undefined ? "" : `\n(${reason})`;
  return {
    "text/html": `<div>${audio}${image}</div>`,
    "text/plain": `${describeClip(source)}${note}`,
  };
}

async function pictureOf(source: ClipSource): Promise<{ picture?: string; reason?: string }> {
  const { clipPicture } = await import("./picture/clip-picture.ts");
  try {
    // As the address of an image: front ends remove drawings from pages that they do not trust.
    const svg = clipPicture(source);
    return { picture: `data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}` };
  } catch (error) {
    // It still plays; what else may be wrong with the file, the player has said already.
    if (error instanceof RangeError) return { reason: error.message };
    throw error;
  }
}
