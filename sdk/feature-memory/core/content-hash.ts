import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { AudioClip, type ClipSource } from "../../audio/audio-clip.ts";
import type { AudioInput } from "../../audio/audio-input.ts";
import { InvalidArgumentError } from "../../errors.ts";
import type { PatternModel } from "./types.ts";

const DIGITS = 40;

/**
 * Hash of a sound as it is given, and of what makes its features: 40 hex digits. A file counts by
 * its bytes, wherever it lies; the part of it that is meant counts too.
 *
 * @throws InvalidArgumentError the file cannot be read
 */
export async function hashContent(audio: AudioInput, model: PatternModel): Promise<string> {
  const { modelId, revision, layer, pooling } = model;
  const hash = createHash("sha256").update(JSON.stringify([modelId, revision, layer, pooling]));
  const source = sourceOf(audio);
  if ("kind" in source) await hashSource(hash, source);
  else hash.update("numbers").update(Float64Array.from(source));
  return hash.digest("hex").slice(0, DIGITS);
}

/** Where the sound comes from, for `metadata.source`: its file, else the word "samples". */
export function describeSource(audio: AudioInput): string {
  const source = sourceOf(audio);
  return "kind" in source && source.kind === "file" ? source.path : "samples";
}

function sourceOf(audio: AudioInput): ClipSource | readonly number[] {
  if (typeof audio === "string") return { kind: "file", path: resolve(audio), range: {} };
  if (audio instanceof AudioClip) return audio.source;
  return "samples" in audio ? AudioClip.fromSamples(audio.samples, audio.sampleRate).source : audio;
}

async function hashSource(hash: Hash, source: ClipSource): Promise<void> {
  if (source.kind === "samples") {
    hash.update(JSON.stringify(["samples", source.sampleRate, source.channels.length]));
    for (const channel of source.channels) hash.update(channel);
    return;
  }
  hash.update(JSON.stringify(["file", source.range.offset, source.range.duration]));
  try {
    for await (const chunk of createReadStream(source.path)) hash.update(chunk);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError("audio", `a file that can be read (${reason})`, source.path);
  }
}
