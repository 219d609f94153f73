import { statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { AudioClip } from "../audio/audio-clip.ts";
import type { AudioInput } from "../audio/audio-input.ts";
import { InvalidArgumentError } from "../errors.ts";
import { findAudioFiles } from "./audio-folder.ts";

/** A row of a data set's manifest, as far as embedding reads it. */
export interface ManifestClip {
  readonly id: string;
  /** Path from the manifest's folder. */
  readonly path: string;
  readonly labels?: Readonly<Record<string, unknown>> | undefined;
  readonly split?: string | undefined;
  readonly fold?: number | undefined;
  /** The source: preset, voice, speaker, recording. */
  readonly clusterId?: string | undefined;
}

/** A data set: its folder and its rows. */
export interface ManifestClips {
  readonly folder: string;
  readonly rows: readonly ManifestClip[];
}

/** A clip to embed, with what stands beside it in the table. */
export interface ClipRow {
  readonly id: string;
  readonly audio: AudioInput;
  readonly columns: Readonly<Record<string, string | number | boolean | null>>;
}

/** What `embed` takes: a folder, clips, or a data set. */
export type EmbedSource = string | readonly AudioInput[] | ManifestClips;

/** @throws InvalidArgumentError no audio, or something that is no source */
export async function toClipRows(source: EmbedSource): Promise<ClipRow[]> {
  if (typeof source === "string") return await rowsOfPath(source);
  if (typeof source === "object" && source !== null && "rows" in source) {
    return rowsOfManifest(source);
  }
  if (!Array.isArray(source) || source.length === 0 || typeof source[0] === "number") {
    throw new InvalidArgumentError("source", "a folder, clips, or a data set with rows", source);
  }
  return source.map((audio, index) => ({
    id: nameOf(audio, index),
    audio,
    // Two folders may have files of one name.
    columns: typeof audio === "string" ? { path: resolve(audio) } : {},
  }));
}

async function rowsOfPath(path: string): Promise<ClipRow[]> {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile();
  if (isFile === undefined) throw new InvalidArgumentError("source", "a folder that exists", path);
  if (isFile) return [{ id: basename(path), audio: path, columns: { path: resolve(path) } }];
  const files = await findAudioFiles(path);
  return files.map(({ id, path: audio }) => ({ id, audio, columns: { path: resolve(audio) } }));
}

function rowsOfManifest({ folder, rows }: ManifestClips): ClipRow[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row.labels ?? {})));
  return rows.map((row) => {
    const path = join(folder, row.path);
    const labels = [...names].map((name) => [name, toCell(row.labels?.[name])] as const);
    const columns = {
      path,
      ...Object.fromEntries(labels),
      ...(row.split === undefined ? {} : { split: row.split }),
      ...(row.fold === undefined ? {} : { fold: row.fold }),
      ...(row.clusterId === undefined ? {} : { clusterId: row.clusterId }),
    };
    return { id: row.id, audio: path, columns };
  });
}

function nameOf(audio: AudioInput, index: number): string {
  if (typeof audio === "string") return basename(audio);
  if (audio instanceof AudioClip && audio.source.kind === "file")
    return basename(audio.source.path);
  return `clip-${index}`;
}

function toCell(value: unknown): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return value;
  }
  return JSON.stringify(value);
}
