import { resolve } from "node:path";
import type { Audio } from "../bridge/protocol.gen.ts";
import type { WithTensors } from "../bridge/tensors.ts";
import { InvalidArgumentError } from "../errors.ts";
import { AudioClip } from "./audio-clip.ts";

/** Samples with their rate. */
export interface AudioSamples {
  /** In [-1, 1]: one array, or one per channel. */
  readonly samples: Float32Array | readonly Float32Array[];
  /** Hz. */
  readonly sampleRate: number;
}

/** What a model can be given: a path, a clip, samples, or a plain array at the model's own rate. */
export type AudioInput = string | AudioClip | AudioSamples | readonly number[];

/** `audio` as the wire has it. */
export type WireAudio = WithTensors<Audio>;

/**
 * @param field how the caller calls it, for the message
 * @throws InvalidArgumentError it is none of the forms
 */
export function toWireAudio(audio: AudioInput, field = "audio"): WireAudio {
  if (typeof audio === "string") return { path: resolve(audio) };
  if (audio instanceof AudioClip) return clipToWire(audio);
  if (isNumbers(audio)) return audio;
  if (isSamples(audio)) return clipToWire(AudioClip.fromSamples(audio.samples, audio.sampleRate));
  throw new InvalidArgumentError(
    field,
    "a path, an AudioClip, {samples, sampleRate}, or an array of numbers",
    audio,
  );
}

function clipToWire(clip: AudioClip): WireAudio {
  const { source } = clip;
  if (source.kind === "file") return { path: source.path, ...source.range };
  const { channels, sampleRate } = source;
  const [first] = channels;
  const samples = first === undefined ? 0 : first.length;
  const data = channels.length === 1 && first !== undefined ? first : join(channels, samples);
  return {
    samples: { data, shape: [channels.length, samples] },
    sample_rate: sampleRate,
  };
}

/** Channels one after the other: [C, T] in C order. */
function join(channels: readonly Float32Array[], samples: number): Float32Array {
  const joined = new Float32Array(channels.length * samples);
  for (const [index, channel] of channels.entries()) joined.set(channel, index * samples);
  return joined;
}

function isNumbers(audio: unknown): audio is readonly number[] {
  return Array.isArray(audio) && (audio.length === 0 || typeof audio[0] === "number");
}

function isSamples(audio: unknown): audio is AudioSamples {
  return typeof audio === "object" && audio !== null && "samples" in audio && "sampleRate" in audio;
}
