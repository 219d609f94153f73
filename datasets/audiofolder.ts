/**
 * Hugging Face's `audiofolder`: the generic door for labelled sounds of one's own.
 *
 * Either `[{split}/]{class}/…/{clip}` or a `metadata.csv` or `metadata.jsonl`, at the top or in each split,
 * whose column `file_name` is a path from it; with metadata the folders' names are no labels, as there.
 * Columns that mean something here: `label` (class), `tags`, `text` or `transcription`, `split`, `fold`,
 * `clusterId` or `source` or `speaker` or `artist` (the source, the first that is there), `freesoundId`,
 * `licence`; all others are labels of their own names.
 */
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { type Cells, readMetadata, toMetadataRow } from "./audiofolder-metadata.ts";
import { isFolder } from "./layout.ts";
import type { Dataset, ManifestRow, Split } from "./manifest.ts";

/** Names of folders that are splits (huggingface.co/docs/datasets/repository_structure). */
const SPLITS: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  valid: "valid",
  validation: "valid",
  val: "valid",
  dev: "valid",
  test: "test",
  testing: "test",
  eval: "test",
  evaluation: "test",
};
const METADATA = ["metadata.csv", "metadata.jsonl"] as const;

/**
 * @throws InvalidArgumentError no such folder, no audio, or metadata that cannot be read
 */
export async function openAudioFolder(folder: string): Promise<Dataset> {
  if (!isFolder(folder)) {
    throw new InvalidArgumentError("folder", "a folder that exists", resolve(folder));
  }
  const tables = ["", ...Object.keys(SPLITS)].flatMap((part) =>
    METADATA.map((name) => (part === "" ? name : `${part}/${name}`)).filter((path) =>
      existsSync(join(folder, path)),
    ),
  );
  const read = tables.map((path) => readRows(folder, path));
  const rows = tables.length === 0 ? await rowsOfClasses(folder) : (await Promise.all(read)).flat();
  const isSplit =
    rows.every(({ split }) => split !== undefined) &&
    new Set(rows.map(({ split }) => split)).size > 1;
  const isFolded = rows.every(({ fold }) => fold !== undefined);
  const kind = isFolded ? "folds" : isSplit ? "splits" : "free";
  return {
    name: basename(resolve(folder)),
    folder,
    rows,
    licence: [...new Set(rows.map(({ licence }) => licence))].join(" AND "),
    citation: "a folder of the user's own",
    protocol: {
      kind,
      metric: "accuracy",
      rule: kind === "free" ? "none" : `whoever made the folder gave its ${kind}`,
      citation: "the folder itself",
    },
    clusterBy: rows.every(({ clusterId, id }) => clusterId === id) ? null : "the metadata's source",
  };
}

async function readRows(folder: string, path: string): Promise<ManifestRow[]> {
  const at = path.slice(0, path.lastIndexOf("/") + 1);
  const split = SPLITS[at.slice(0, -1)];
  const cells: Cells[] = await readMetadata(join(folder, path));
  return cells.map((row, index) => {
    const where = `${join(folder, path)} row ${index + 1}`;
    return { ...(split === undefined ? {} : { split }), ...toMetadataRow(row, at, where, SPLITS) };
  });
}

async function rowsOfClasses(folder: string): Promise<ManifestRow[]> {
  return (await findAudioFiles(folder)).map(({ id }) => {
    const folders = id.split("/").slice(0, -1);
    const split = SPLITS[folders[0] ?? ""];
    const label = (split === undefined ? folders : folders.slice(1)).at(-1);
    if (label === undefined) {
      throw new InvalidArgumentError(
        "audiofolder",
        "clips in folders named after their class, or metadata",
        id,
      );
    }
    return {
      id,
      path: id,
      labels: { class: label },
      ...(split === undefined ? {} : { split }),
      clusterId: id,
      licence: "NOASSERTION",
    };
  });
}
