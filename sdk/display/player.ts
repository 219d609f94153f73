import { readFileSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import { AudioClip } from "../audio/audio-clip.ts";
import { InvalidArgumentError } from "../errors.ts";
import { escapeMarkup, type Html, trustedHtml } from "./html.ts";

/** What a player plays: a clip, the path of a file, or samples in [-1, 1]. */
export type PlayerAudio =
  | string
  | AudioClip
  | { samples: Float32Array | Float32Array[]; sampleRate: number };

export interface PlayerOptions {
  /** Written above the control; by default the file's name, if there is a file. */
  title?: string;
}

export interface PlayersOptions {
  title?: string;
  /**
   * Players side by side.
   * @default 3
   */
  columns?: number;
}

/** One player of a grid with its own title. */
export interface TitledAudio {
  audio: PlayerAudio;
  title: string;
}

interface EncodedAudio {
  bytes: Uint8Array;
  type: string;
  /** The part of the sound to play, as the fragment of its address. */
  part?: string;
}

const TYPES: Record<string, string> = {
  ".wav": "audio/wav",
  ".flac": "audio/flac",
  ".ogg": "audio/ogg",
  ".oga": "audio/ogg",
  ".opus": "audio/ogg",
  ".mp3": "audio/mpeg",
};

// The sound is stored in the notebook, a third larger as base64.
const LARGEST_BYTES = 16 * 2 ** 20;

const BOX = "display:inline-block;margin:0.2em 0.8em 0.4em 0;vertical-align:top;";
const LABEL = "font-size:0.9em;margin:0 0 0.2em 0.1em;";

/**
 * An audio control that holds the sound itself, so that a stored notebook still plays.
 *
 * @throws {InvalidArgumentError} a file that is not wav, flac, ogg or mp3, or sound over 16 MiB
 */
export function player(audio: PlayerAudio, options: PlayerOptions = {}): Html {
  const title = options.title ?? fileName(audio);
  const { bytes, type, part = "" } = encode(audio);
  if (bytes.byteLength > LARGEST_BYTES) {
    throw new InvalidArgumentError("audio", "sound of at most 16 MiB (play a part of it)", audio);
  }
  const source = `data:${type};base64,${Buffer.from(bytes).toString("base64")}${part}`;
  const label = title === undefined ? "" : `<div style="${LABEL}">${escapeMarkup(title)}</div>`;
  const control = `<audio controls preload="metadata" src="${source}" style="width:260px;height:36px;"></audio>`;
  const size = `${(bytes.byteLength / 1000).toFixed(0)} kB ${type}`;
  return trustedHtml(
    `<div style="${BOX}">${label}${control}</div>`,
    `♪ ${title === undefined ? size : `${title} (${size})`}`,
  );
}

/** Several players in a grid. */
export function players(
  clips: readonly (PlayerAudio | TitledAudio)[],
  options: PlayersOptions = {},
): Html {
  const made = clips.map((clip) =>
    isTitled(clip) ? player(clip.audio, { title: clip.title }) : player(clip),
  );
  const { title, columns = 3 } = options;
  const grid = `display:grid;grid-template-columns:repeat(${columns},max-content);`;
  const head =
    title === undefined
      ? ""
      : `<div style="font-weight:600;margin:0.2em 0;">${escapeMarkup(title)}</div>`;
  return trustedHtml(
    `${head}<div style="${grid}">${made.map(({ source }) => source).join("")}</div>`,
    [...(title === undefined ? [] : [title]), ...made.map(({ text }) => text)].join("\n"),
  );
}

function fileName(audio: PlayerAudio): string | undefined {
  if (typeof audio === "string") return basename(audio);
  if (!(audio instanceof AudioClip) || audio.source.kind !== "file") return undefined;
  return basename(audio.source.path);
}

function isTitled(clip: PlayerAudio | TitledAudio): clip is TitledAudio {
  return typeof clip === "object" && "audio" in clip;
}

function encode(audio: PlayerAudio): EncodedAudio {
  if (typeof audio === "string") return readEncoded(audio);
  if (!(audio instanceof AudioClip)) {
    return encode(AudioClip.fromSamples(audio.samples, audio.sampleRate));
  }
  if (audio.source.kind === "samples") return { bytes: audio.wav("int16"), type: "audio/wav" };
  const { offset = 0, duration } = audio.source.range;
  // The browser plays the part that a media fragment names (W3C Media Fragments URI 1.0, 4.2.1).
  const end = duration === undefined ? "" : `,${offset + duration}`;
  const whole = offset === 0 && duration === undefined;
  return { ...readEncoded(audio.source.path), ...(whole ? {} : { part: `#t=${offset}${end}` }) };
}

function readEncoded(path: string): EncodedAudio {
  const type = TYPES[extname(path).toLowerCase()];
  if (type === undefined) {
    throw new InvalidArgumentError("audio", "the path of a .wav, .flac, .ogg or .mp3 file", path);
  }
  const { size } = statSync(path);
  if (size > LARGEST_BYTES) {
    throw new InvalidArgumentError(
      "audio",
      `a file of at most 16 MiB (it has ${size} bytes)`,
      path,
    );
  }
  return { bytes: readFileSync(path), type };
}
