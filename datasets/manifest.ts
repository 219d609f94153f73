/** One form of manifest for every data set: a row per clip. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";

/** What is true of a clip; `class` is what a probe reads off by default. */
export interface ClipLabels {
  readonly class: string;
  readonly [label: string]: string | number | null;
}

/** A clip of a data set. */
export interface ManifestRow {
  readonly id: string;
  /** Path from the data set's folder, with `/`. */
  readonly path: string;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  readonly labels: ClipLabels;
  readonly split?: "train" | "test";
  readonly fold?: number;
  /** The source (preset, voice, speaker, recording): sources are counted, not clips. */
  readonly clusterId: string;
  /** SPDX identifier. */
  readonly licence: string;
  /** Length of the clip. */
  readonly seconds?: number;
}

/** An opened data set. */
export interface Dataset {
  readonly name: string;
  /** What the rows' paths start from. */
  readonly folder: string;
  readonly rows: readonly ManifestRow[];
  readonly licence: string;
  readonly citation: string;
}

/** What is wrong with the files of a data set; three empty lists are a sound one. */
export interface Verification {
  /** Rows without their file. */
  readonly missing: readonly string[];
  /** Audio files without a row. */
  readonly extra: readonly string[];
  /** Files whose bytes are not those of the manifest. */
  readonly damaged: readonly string[];
}

const SHA256 = /^[0-9a-f]{64}$/;

/** Compares every file with the manifest; paths in the answer are relative to the folder. */
export async function verifyDataset({ folder, rows }: Dataset): Promise<Verification> {
  const found = new Set((await findAudioFiles(folder)).map(({ id }) => id));
  const known = new Set(rows.map(({ path }) => path));
  const present = rows.filter(({ path }) => found.has(path));
  const damaged: string[] = [];
  for (const { path, sha256 } of present) {
    if ((await hashFile(join(folder, path))) !== sha256) damaged.push(path);
  }
  return {
    missing: rows.map(({ path }) => path).filter((path) => !found.has(path)),
    extra: [...found].filter((path) => !known.has(path)),
    damaged,
  };
}

/** @returns sha256 of a file, hexadecimal */
export async function hashFile(path: string): Promise<string> {
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/**
 * Reads a manifest with a JSON object on each line.
 *
 * @throws InvalidArgumentError no such file, a line that is no row, or an id or path that stands
 *   there twice
 */
export async function readManifest(path: string): Promise<ManifestRow[]> {
  const rows = (await readText(path))
    .split("\n")
    .flatMap((line, index) =>
      line.trim() === "" ? [] : [parseRow(line, `${path} line ${index + 1}`)],
    );
  for (const key of ["id", "path"] as const) {
    const seen = new Set<string>();
    for (const row of rows) {
      if (seen.has(row[key])) throw new InvalidArgumentError(key, "unique", row[key]);
      seen.add(row[key]);
    }
  }
  return rows;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const expected = `a manifest that can be read (${error.code})`;
    throw new InvalidArgumentError("manifest", expected, resolve(path));
  }
}

function parseObject(line: string, where: string): object {
  const refusal = new InvalidArgumentError(where, "a JSON object", line);
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === "object" && row !== null) return row;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw refusal;
}

function parseRow(line: string, where: string): ManifestRow {
  const row: Partial<ManifestRow> = parseObject(line, where); // checked field by field below
  const texts = { id: row.id, path: row.path, clusterId: row.clusterId, licence: row.licence };
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value !== "string" || value === "") {
      throw new InvalidArgumentError(`${where}: ${name}`, "some text", value);
    }
  }
  if (!SHA256.test(row.sha256 ?? "")) {
    throw new InvalidArgumentError(`${where}: sha256`, "64 hexadecimal digits", row.sha256);
  }
  if (typeof row.labels?.class !== "string") {
    throw new InvalidArgumentError(`${where}: labels.class`, "some text", row.labels?.class);
  }
  if (row.split === undefined && row.fold === undefined) {
    throw new InvalidArgumentError(`${where}: split`, "given (or a fold)", undefined);
  }
  return row as ManifestRow;
}
