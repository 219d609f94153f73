/**
 * Free Spoken Digit Dataset: English digits, 8 kHz mono WAV.
 *
 * Files are `recordings/{digit}_{speaker}_{index}.wav`; index 0–4 is the data set's own test split
 * (its README, "Usage"), in which every speaker stands on both sides.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { isFolder } from "./layout.ts";
import type { ClassLabels, Dataset, ManifestRow } from "./manifest.ts";

const LICENCE = "CC-BY-SA-4.0";
const CITATION =
  "Zohar Jackson, César Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas, Adhish Thite: " +
  "Free Spoken Digit Dataset, v1.0.8, 2018, https://doi.org/10.5281/zenodo.1342401";
const FILE = /^(?<digit>\d)_(?<speaker>[a-z]+)_(?<index>\d+)\.wav$/;
const LAST_TEST_INDEX = 4;

/** What is asked of the recordings. */
export interface FsddOptions {
  /**
   * `digits`: which digit, of voices never heard (the source is the speaker, and there are few).
   * `speakers`: whose voice, of recordings never heard (the source is the recording).
   * @default "digits"
   */
  readonly task?: "digits" | "speakers" | undefined;
}

/**
 * Opens a copy of the data set, or a part of one. Nobody publishes its checksums.
 *
 * @param folder the one that has `recordings` in it, or `recordings` itself
 * @throws InvalidArgumentError no such folder, or no file named as the data set's are
 */
export async function openFsdd(
  folder: string,
  { task = "digits" }: FsddOptions = {},
): Promise<Dataset<ClassLabels>> {
  const inner = join(folder, "recordings");
  const root = isFolder(inner) ? inner : folder;
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError("fsdd folder", "a folder with `recordings`", folder);
  }
  const names = (await findAudioFiles(root)).map(({ id }) => id);
  const rows = names.flatMap((name) => toRow(name, task)); // others are named by `validateDataset`
  if (rows.length === 0) {
    throw new InvalidArgumentError("file", "named {digit}_{speaker}_{index}.wav", names[0]);
  }
  return {
    name: task === "digits" ? "fsdd" : "fsdd-speakers",
    folder: root,
    rows,
    licence: LICENCE,
    citation: CITATION,
    protocol: {
      kind: "free",
      metric: "accuracy",
      rule: "its README tests on indices 0–4 of each speaker, who is then known from training; folds of whole sources are drawn instead",
      citation: CITATION,
    },
    clusterBy: task === "digits" ? "speaker" : "recording (each clip is one)",
    gaps: findGaps(names),
  };
}

function toRow(name: string, task: "digits" | "speakers"): ManifestRow<ClassLabels>[] {
  const { digit, speaker, index } = FILE.exec(name)?.groups ?? {};
  if (digit === undefined || speaker === undefined || index === undefined) return [];
  const id = name.replace(/\.wav$/, "");
  const labels = task === "digits" ? { class: digit, speaker } : { class: speaker, digit };
  return [
    {
      id,
      path: name,
      labels,
      split: Number(index) <= LAST_TEST_INDEX ? "test" : "train",
      clusterId: task === "digits" ? speaker : id,
      speaker,
      licence: LICENCE,
    },
  ];
}

/** Each digit of each speaker is numbered from 0, and all to the same end. */
function findGaps(names: readonly string[]): string[] {
  const known = new Set(names);
  const parts = names.flatMap((name) => {
    const { groups } = FILE.exec(name) ?? {};
    return groups === undefined ? [] : [groups];
  });
  const last = Math.max(...parts.map((part) => Number(part["index"])));
  const series = new Set(parts.map((part) => `${part["digit"]}_${part["speaker"]}`));
  return [...series]
    .flatMap((start) => Array.from({ length: last + 1 }, (_, index) => `${start}_${index}.wav`))
    .filter((name) => !known.has(name));
}
