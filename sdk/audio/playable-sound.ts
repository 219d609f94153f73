/** Sound in the form that a browser plays: the bytes of a file as they are, samples as WAV. */
import { readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { InvalidArgumentError } from "../errors.ts";
import type { ClipSource } from "./audio-clip.ts";
import { encodeWav } from "./wav.ts";

/** What stands in the address of an audio control. */
export interface PlayableSound {
  readonly bytes: Uint8Array;
  /** MIME type. */
  readonly type: string;
  /** Which part of the bytes is meant, as the fragment of the address; empty for all. */
  readonly part: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".wav": "audio/wav",
  ".flac": "audio/flac",
  ".ogg": "audio/ogg",
  ".oga": "audio/ogg",
  ".opus": "audio/ogg",
  ".mp3": "audio/mpeg",
};
// The sound is stored in the notebook, a third larger as base64.
const LARGEST_BYTES = 16 * 2 ** 20;

/**
 * Makes a sound ready for a page, in which its bytes stand.
 *
 * @throws InvalidArgumentError a file that cannot be read, or is not wav, flac, ogg or mp3; more
 *   than 16 MiB
 */
export function playableSound(source: ClipSource): PlayableSound {
  if (source.kind === "samples") {
    const bytes = encodeWav(source.channels, source.sampleRate, "int16");
    refuseLarge(bytes.byteLength, `${source.channels.length} channels of samples`);
    return { bytes, type: "audio/wav", part: "" };
  }
  const { path, range } = source;
  const type = TYPES[extname(path).toLowerCase()];
  if (type === undefined) {
    throw new InvalidArgumentError("audio", "the path of a .wav, .flac, .ogg or .mp3 file", path);
  }
  const bytes = readSound(path, (size) => refuseLarge(size, path));
  const { offset = 0, duration } = range;
  // The browser plays the part that a media fragment names (W3C Media Fragments URI 1.0, 4.2.1).
  const end = duration === undefined ? "" : `,${offset + duration}`;
  return { bytes, type, part: offset === 0 && duration === undefined ? "" : `#t=${offset}${end}` };
}

/**
 * The bytes of a sound file.
 *
 * @param check told the size before anything is read
 * @throws InvalidArgumentError the file cannot be read; the message names it in full, since a
 *   relative path starts where Node was started
 */
export function readSound(path: string, check: (bytes: number) => void = () => {}): Uint8Array {
  try {
    check(statSync(path).size);
    return readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error) || error instanceof InvalidArgumentError) {
      throw error;
    }
    const expected = `a sound file that can be read (${error.code})`;
    throw new InvalidArgumentError("audio", expected, resolve(path));
  }
}

function refuseLarge(bytes: number, sound: string): void {
  if (bytes <= LARGEST_BYTES) return;
  const expected = `at most 16 MiB, shorter or compressed (it has ${bytes} bytes)`;
  throw new InvalidArgumentError("audio", expected, sound);
}
