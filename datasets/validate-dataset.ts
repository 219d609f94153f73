import { join } from "node:path";
import type { GAMABridge } from "../sdk/bridge/gama-bridge.ts";
import { inspectAudio } from "../sdk/compare/inspect-audio.ts";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { hashFile } from "../sdk/records/hash-file.ts";
import { checkHeader } from "./check-header.ts";
import type { FileWork } from "./hash-rows.ts";
import type { Dataset } from "./manifest.ts";

/** How files are looked at whose checksum nobody published. */
export interface ValidationOptions extends FileWork {
  /**
   * `decode`: each is decoded whole by the Python process, as an arm would. `header`: its first bytes and
   * its length are looked at, which takes no Python and finds a cut WAV, but no cut FLAC or MP3.
   * @default "decode"
   */
  readonly check?: "decode" | "header" | undefined;
  /** Whose process decodes; by default the shared one. */
  readonly bridge?: GAMABridge | undefined;
}

/** A file that is not what it should be. */
export interface DamagedFile {
  readonly path: string;
  readonly reason: string;
  readonly foundBy: "sha256" | "decode" | "header";
}

/** What is wrong with the files of a data set; three empty lists are a sound one. */
export interface Validation {
  /** Clips of the data set without their file. */
  readonly missing: readonly string[];
  /** Audio files that are no clip of it. */
  readonly extra: readonly string[];
  /** Other bytes than those published, or no audio that an arm could hear. */
  readonly damaged: readonly DamagedFile[];
  /** How many files were looked at in which way. */
  readonly checked: { readonly sha256: number; readonly decode: number; readonly header: number };
  readonly clips: number;
  /** Null where nobody says. */
  readonly publishedClips: number | null;
}

const CHUNK_SIZE = 32;

/** Compares every file with the manifest; paths in the answer are relative to the folder. */
export async function validateDataset(
  dataset: Dataset,
  options: ValidationOptions = {},
): Promise<Validation> {
  const { folder, rows, otherAudio = [], gaps = [] } = dataset;
  const found = new Set(await listAudio(folder));
  const known = new Set([...rows.map(({ path }) => path), ...otherAudio]);
  const present = rows.filter(({ path }) => found.has(path));
  const summed = present.filter(({ sha256 }) => sha256 !== undefined);
  const bare = present.filter(({ sha256 }) => sha256 === undefined).map(({ path }) => path);
  const damaged: DamagedFile[] = [];
  const advance = counter(options, present.length);
  for (const { path, sha256 } of summed) {
    const reason = "its bytes are not those of the manifest";
    if ((await hashFile(join(folder, path))) !== sha256)
      damaged.push({ path, reason, foundBy: "sha256" });
    advance(1);
  }
  const { check = "decode" } = options;
  const look = check === "decode" ? lookByDecoding : lookAtHeaders;
  for (let start = 0; start < bare.length; start += CHUNK_SIZE) {
    const chunk = bare.slice(start, start + CHUNK_SIZE);
    for (const [path, reason] of await look(folder, chunk, options)) {
      damaged.push({ path, reason, foundBy: check });
    }
    advance(chunk.length);
  }
  const { length: clips } = rows;
  return {
    missing: [...rows.map(({ path }) => path).filter((path) => !found.has(path)), ...gaps],
    extra: [...found].filter((path) => !known.has(path)),
    damaged,
    checked: { sha256: summed.length, decode: 0, header: 0, [check]: bare.length },
    clips,
    publishedClips: dataset.publishedClips ?? null,
  };
}

/** A folder without audio is one where everything is missing. */
async function listAudio(folder: string): Promise<string[]> {
  try {
    return (await findAudioFiles(folder)).map(({ id }) => id);
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [];
    throw error;
  }
}

function counter({ signal, onProgress }: FileWork, total: number): (files: number) => void {
  let done = 0;
  return (files) => {
    signal?.throwIfAborted();
    done += files;
    onProgress?.({ stage: "validate", done, total, unit: "files", message: "" });
  };
}

type Look = (
  folder: string,
  paths: readonly string[],
  options: ValidationOptions,
) => Promise<[path: string, reason: string][]>;

const lookAtHeaders: Look = async (folder, paths) => {
  const reasons = await Promise.all(paths.map((path) => checkHeader(join(folder, path))));
  return paths.flatMap((path, index) =>
    reasons[index] === undefined ? [] : [[path, reasons[index]]],
  );
};

const lookByDecoding: Look = async (folder, paths, { bridge, signal }) => {
  const clips = paths.map((path) => join(folder, path));
  const { failures } = await inspectAudio(clips, { bridge, signal });
  return failures.flatMap(({ index, message }) => {
    const path = paths[index];
    return path === undefined ? [] : [[path, message]];
  });
};
