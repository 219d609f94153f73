/**
 * ESC-50: 2,000 environmental recordings of 5 s in 50 classes, 44.1 kHz mono.
 *
 * `audio/{fold}-{Freesound id}-{take}-{target}.wav` and `meta/esc50.csv`. The source is the recording on
 * Freesound (`src_file`): several takes of it are in one fold.
 */
import { join } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { findRoot } from "./layout.ts";
import type { ClassLabels, Dataset, ManifestRow } from "./manifest.ts";
import { type CsvRow, readCsv } from "./read-csv.ts";

const CITATION =
  "Karol J. Piczak: ESC: Dataset for Environmental Sound Classification, ACM Multimedia 2015, " +
  "https://doi.org/10.1145/2733373.2806390";
const TABLE = "meta/esc50.csv";
const COLUMNS = ["filename", "fold", "target", "category", "esc10", "src_file", "take"] as const;

/**
 * @param folder the one with `audio` and `meta`
 * @throws InvalidArgumentError no such folder, or a table whose folds are not those of the files' names
 */
export async function openEsc50(folder: string): Promise<Dataset<ClassLabels>> {
  const root = findRoot("esc50", folder, TABLE, "ESC-50-master");
  return {
    name: "esc50",
    folder: root,
    rows: (await readCsv(join(root, TABLE), COLUMNS)).map(toRow),
    licence: "CC-BY-NC-3.0",
    citation: CITATION,
    protocol: {
      kind: "folds",
      metric: "accuracy, mean of the 5 folds",
      rule: "5-fold cross-validation over its own folds; the author rejects random splits, in which takes of one recording stand on both sides",
      citation: `${CITATION}; ESC-50 pull request 9`,
    },
    clusterBy: "recording on Freesound (src_file)",
    publishedClips: 2000,
  };
}

function toRow(cells: CsvRow<(typeof COLUMNS)[number]>): ManifestRow<ClassLabels> {
  const { filename, fold, target, category, esc10, src_file, take } = cells;
  const name = `${fold}-${src_file}-${take}-${target}.wav`;
  if (filename !== name) {
    throw new InvalidArgumentError(
      `${TABLE}: row of ${filename}`,
      "of the file's own fold, source and target",
      name,
    );
  }
  const isEsc10 = esc10.toLowerCase() === "true";
  return {
    id: filename.replace(/\.wav$/, ""),
    path: `audio/${filename}`,
    labels: { class: category, target: Number(target), esc10: isEsc10, take },
    fold: Number(fold),
    clusterId: src_file,
    freesoundId: src_file,
    licence: isEsc10 ? "CC-BY-3.0" : "CC-BY-NC-3.0",
  };
}
