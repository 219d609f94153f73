import { basename } from "node:path";
import { AudioClip } from "../audio/audio-clip.ts";
import { playableSound } from "../audio/playable-sound.ts";
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

const BOX = "display:inline-block;margin:0.2em 0.8em 0.4em 0;vertical-align:top;";
const LABEL = "font-size:0.9em;margin:0 0 0.2em 0.1em;";

/**
 * An audio control that holds the sound itself, so that a stored notebook still plays.
 *
 * @throws {InvalidArgumentError} a file that cannot be read, or is not wav, flac, ogg or mp3; sound
 *   over 16 MiB
 */
export function player(audio: PlayerAudio, options: PlayerOptions = {}): Html {
  const title = options.title ?? fileName(audio);
  const { bytes, type, part } = playableSound(clipOf(audio).source);
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

function clipOf(audio: PlayerAudio): AudioClip {
  if (audio instanceof AudioClip) return audio;
  if (typeof audio === "string") return AudioClip.fromFile(audio);
  return AudioClip.fromSamples(audio.samples, audio.sampleRate);
}
