/** Files and folders for a path that is being written, sounds first. */

import { readdirSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import type { Candidate } from "./completion.ts";

/** Endings of the sounds that the SDK reads. */
const AUDIO = new Set([".wav", ".flac", ".ogg", ".oga", ".mp3", ".aif", ".aiff", ".opus", ".m4a"]);
/** A folder may hold a data set; nobody reads thousands of names. */
const LIMIT = 500;

/** Whole paths that begin with the one written; relative ones are of the notebook's folder. */
export function filesMatching(written: string): Candidate[] {
  if (written.includes("\0") || /^[a-z]+:/i.test(written)) return [];
  const folder = written.endsWith("/") ? written : `${dirname(`${written}x`)}/`;
  const shown = written.slice(0, written.lastIndexOf("/") + 1);
  const begun = written.slice(shown.length);
  return entriesOf(resolve(folder))
    .filter(({ name }) => name.startsWith(begun) && (begun !== "" || !name.startsWith(".")))
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, LIMIT)
    .map(({ name, isFolder }) => ({
      text: `${shown}${name}${isFolder ? "/" : ""}`,
      type: "path",
    }));
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

function entriesOf(folder: string): Entry[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory(),
    }));
  } catch {
    return []; // no folder, or not ours to read: nothing completes there
  }
}

function rank({ name, isFolder }: Entry): number {
  if (AUDIO.has(extname(name).toLowerCase())) return 0;
  return isFolder ? 1 : 2;
}
