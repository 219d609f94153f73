/**
 * UrbanSound8K: 8,732 slices of at most 4 s in 10 classes of city sounds; rates and channels vary.
 *
 * `audio/fold{1..10}/{fsID}-{classID}-{occurrence}-{slice}.wav` and `metadata/UrbanSound8K.csv`. The source
 * is the recording on Freesound (`fsID`).
 */
import { join } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { findRoot } from "./layout.ts";
import type { ClassLabels, Dataset, ManifestRow } from "./manifest.ts";
import { type CsvRow, readCsv } from "./read-csv.ts";

const LICENCE = "CC-BY-NC-3.0";
const CITATION =
  "Justin Salamon, Christopher Jacoby, Juan Pablo Bello: A Dataset and Taxonomy for Urban Sound Research, " +
  "ACM Multimedia 2014, https://doi.org/10.1145/2647868.2655045";
const TABLE = "metadata/UrbanSound8K.csv";
const COLUMNS = ["slice_file_name", "fsID", "salience", "fold", "classID", "class"] as const;
const FILE = /^(?<source>\d+)-(?<target>\d)-\d+-\d+\.wav$/;

/**
 * @param folder the one with `audio` and `metadata`
 * @throws InvalidArgumentError no such folder, or a table that contradicts the files' names
 */
export async function openUrbanSound8k(folder: string): Promise<Dataset<ClassLabels>> {
  const root = findRoot("urbansound8k", folder, TABLE, "UrbanSound8K");
  return {
    name: "urbansound8k",
    folder: root,
    rows: (await readCsv(join(root, TABLE), COLUMNS)).map(toRow),
    licence: LICENCE,
    citation: CITATION,
    protocol: {
      kind: "folds",
      metric: "accuracy, mean of the 10 folds",
      rule: "10-fold (not 5-fold) cross-validation over its own folds; never reshuffle: slices of one recording would stand on both sides",
      citation: 'UrbanSound8K, README, "Before you download: please read"',
    },
    clusterBy: "recording on Freesound (fsID)",
    publishedClips: 8732,
  };
}

function toRow(cells: CsvRow<(typeof COLUMNS)[number]>): ManifestRow<ClassLabels> {
  const { slice_file_name: name, fsID, salience, fold, classID } = cells;
  const { source, target } = FILE.exec(name)?.groups ?? {};
  if (source !== fsID || target !== classID) {
    throw new InvalidArgumentError(
      `${TABLE}: row of ${name}`,
      "of the file's own fsID and classID",
      `${fsID}-${classID}`,
    );
  }
  return {
    id: name.replace(/\.wav$/, ""),
    path: `audio/fold${fold}/${name}`,
    labels: {
      class: cells.class,
      target: Number(classID),
      salience: salience === "1" ? "foreground" : "background",
    },
    fold: Number(fold),
    clusterId: fsID,
    freesoundId: fsID,
    licence: LICENCE,
  };
}
