import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { extname, join, relative, resolve, sep } from "node:path";
import { InvalidArgumentError } from "../errors.ts";

/** What libsndfile reads, and what PyAV adds. */
const EXTENSIONS = new Set([
  ".wav",
  ".flac",
  ".ogg",
  ".opus",
  ".mp3",
  ".aif",
  ".aiff",
  ".m4a",
  ".aac",
  ".webm",
]);

/** A file found in a folder. */
export interface FoundFile {
  /** Path from the folder, with `/`. */
  readonly id: string;
  readonly path: string;
}

/**
 * All audio files below a folder, sorted by path (code units, so that every machine agrees).
 *
 * @throws InvalidArgumentError there is none, or no such folder
 */
export async function findAudioFiles(folder: string): Promise<FoundFile[]> {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError("folder", "a folder that exists", resolve(folder));
  }
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter(({ name }) => EXTENSIONS.has(extname(name).toLowerCase()))
    .map((entry) => join(entry.parentPath, entry.name))
    // Asked of the target: data sets are often folders of links.
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ id: relative(folder, path).split(sep).join("/"), path }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (files.length === 0) {
    throw new InvalidArgumentError("folder", `a folder with audio (${[...EXTENSIONS]})`, folder);
  }
  return files;
}
