/**
 * Free Spoken Digit Dataset: English digits, 8 kHz mono WAV.
 *
 * Files are `recordings/{digit}_{speaker}_{index}.wav`; index 0–4 is the data set's own test split
 * (its README, "Usage"). The source is the speaker.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { type Dataset, hashFile, type ManifestRow } from "./manifest.ts";

const LICENCE = "CC-BY-SA-4.0";
const CITATION =
  "Zohar Jackson, César Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas, Adhish Thite: " +
  "Free Spoken Digit Dataset, v1.0.8, 2018, https://doi.org/10.5281/zenodo.1342401";
const FILE = /^(?<digit>\d)_(?<speaker>[a-z]+)_(?<index>\d+)\.wav$/;
const LAST_TEST_INDEX = 4;

/**
 * Opens a copy of the data set, or a part of one.
 *
 * The data set publishes no checksums: those in the rows are of the files as they are now.
 *
 * @param folder the one that has `recordings` in it, or `recordings` itself
 * @throws InvalidArgumentError no such folder, or a name that is not of the data set
 */
export async function openFsdd(folder: string): Promise<Dataset> {
  const inner = join(folder, "recordings");
  const root = statSync(inner, { throwIfNoEntry: false })?.isDirectory() ? inner : folder;
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError("fsdd folder", "a folder with `recordings`", folder);
  }
  const files = await findAudioFiles(root);
  const rows: ManifestRow[] = [];
  for (const { id, path } of files) rows.push(toRow(id, await hashFile(path)));
  return { name: "fsdd", folder: root, rows, licence: LICENCE, citation: CITATION };
}

function toRow(name: string, sha256: string): ManifestRow {
  const { digit, speaker, index } = FILE.exec(name)?.groups ?? {};
  if (digit === undefined || speaker === undefined || index === undefined) {
    throw new InvalidArgumentError("file", "named {digit}_{speaker}_{index}.wav", name);
  }
  return {
    id: name.replace(/\.wav$/, ""),
    path: name,
    sha256,
    labels: { class: digit, speaker },
    split: Number(index) <= LAST_TEST_INDEX ? "test" : "train",
    clusterId: speaker,
    licence: LICENCE,
  };
}
