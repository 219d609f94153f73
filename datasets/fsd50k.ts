/**
 * FSD50K: 51,197 clips of Freesound with all that apply of 200 tags, 44.1 kHz mono.
 *
 * `FSD50K.{dev,eval}_audio/{Freesound id}.wav`, `FSD50K.ground_truth/{dev,eval}.csv`, and in
 * `FSD50K.metadata` who uploaded each clip, under which licence. Dev and eval have no uploader in common,
 * so the uploader is the source; without the metadata each clip stands for itself.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { findRoot, isFolder, readJson } from "./layout.ts";
import type { Dataset, ManifestRow, Split } from "./manifest.ts";
import { readCsv } from "./read-csv.ts";
import { spdxOf } from "./spdx.ts";

const LICENCE = "CC-BY-4.0";
const CITATION =
  "Eduardo Fonseca, Xavier Favory, Jordi Pons, Frederic Font, Xavier Serra: FSD50K: an Open Dataset of " +
  "Human-Labeled Sound Events, IEEE/ACM TASLP 30, 2022, https://doi.org/10.1109/TASLP.2021.3133208";
const SPLITS: Readonly<Record<string, Split>> = { train: "train", val: "valid", test: "test" };
const PUBLISHED = { dev: 40_966, eval: 10_231 } as const;
type Part = keyof typeof PUBLISHED;

/** What an uploader says of a clip. */
interface ClipInfo {
  readonly license?: string;
  readonly uploader?: string;
}

/**
 * Opens both parts, or the one whose audio is there.
 *
 * @param folder the one with `FSD50K.ground_truth`
 * @throws InvalidArgumentError no such folder, or a table without its columns
 */
export async function openFsd50k(folder: string): Promise<Dataset> {
  const root = findRoot("fsd50k", folder, "FSD50K.ground_truth", "FSD50K");
  const parts = (["dev", "eval"] as const).filter((part) =>
    isFolder(join(root, `FSD50K.${part}_audio`)),
  );
  if (parts.length === 0) {
    throw new InvalidArgumentError(
      "fsd50k folder",
      "a folder with `FSD50K.dev_audio` or `FSD50K.eval_audio`",
      root,
    );
  }
  const hasInfo = parts.every((part) => existsSync(infoPath(root, part)));
  const read = parts.map((part) => readPart(root, part, hasInfo));
  return {
    name: "fsd50k",
    folder: root,
    rows: (await Promise.all(read)).flat(),
    licence: LICENCE, // of the whole; each row has its clip's
    citation: CITATION,
    protocol: {
      kind: "splits",
      metric: "macro mAP (and d′) over 200 tags",
      rule: "train and validation from dev, test on eval, as given; a different split must be named as such",
      citation: 'FSD50K, README, "Dev set"; the paper\'s section 5C',
    },
    clusterBy: hasInfo ? "uploader on Freesound" : null,
    publishedClips: parts.reduce((sum, part) => sum + PUBLISHED[part], 0),
  };
}

const infoPath = (root: string, part: Part): string =>
  join(root, "FSD50K.metadata", `${part}_clips_info_FSD50K.json`);

async function readPart(root: string, part: Part, hasInfo: boolean): Promise<ManifestRow[]> {
  const table = join(root, "FSD50K.ground_truth", `${part}.csv`);
  const info = hasInfo ? ((await readJson(infoPath(root, part))) as Record<string, ClipInfo>) : {};
  const rows =
    part === "dev"
      ? await readCsv(table, ["fname", "labels", "split"])
      : (await readCsv(table, ["fname", "labels"])).map((row) => ({ ...row, split: "test" }));
  return rows.map(({ fname, labels, split }) => {
    const known = SPLITS[split];
    if (known === undefined)
      throw new InvalidArgumentError(`${table}: split of ${fname}`, "train or val", split);
    const { license, uploader } = info[fname] ?? {};
    return {
      id: fname,
      path: `FSD50K.${part}_audio/${fname}.wav`,
      labels: { tags: labels.split(",") },
      split: known,
      clusterId: uploader ?? fname,
      freesoundId: fname,
      ...(uploader === undefined ? {} : { artist: uploader }),
      licence: license === undefined ? "NOASSERTION" : spdxOf(license),
    };
  });
}
