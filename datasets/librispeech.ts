/**
 * LibriSpeech: read English books, FLAC of 16 kHz, with transcripts.
 *
 * `{subset}/{reader}/{chapter}/{reader}-{chapter}-{nnnn}.flac`, a `{reader}-{chapter}.trans.txt` beside
 * them, and `SPEAKERS.TXT`. Subsets have no reader in common; the source is the reader.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { isFolder, readLines } from "./layout.ts";
import type { Dataset, ManifestRow, Split } from "./manifest.ts";

const LICENCE = "CC-BY-4.0";
const CITATION =
  "Vassil Panayotov, Guoguo Chen, Daniel Povey, Sanjeev Khudanpur: Librispeech: an ASR corpus based on public " +
  "domain audio books, ICASSP 2015, https://doi.org/10.1109/ICASSP.2015.7178964";
const SUBSETS: Readonly<Record<string, { split: Split; clips: number }>> = {
  "dev-clean": { split: "valid", clips: 2703 },
  "dev-other": { split: "valid", clips: 2864 },
  "test-clean": { split: "test", clips: 2620 },
  "test-other": { split: "test", clips: 2939 },
  "train-clean-100": { split: "train", clips: 28_539 },
  "train-clean-360": { split: "train", clips: 104_014 },
  "train-other-500": { split: "train", clips: 148_688 },
};
const TRANSCRIPTS = /\.trans\.txt$/;
const LINE = /^(?<id>(?<reader>\d+)-(?<chapter>\d+)-\d+) (?<text>.+)$/;

/**
 * Opens the subsets that are there.
 *
 * @param folder the one with subsets such as `dev-clean`, or the one with `LibriSpeech` in it
 * @throws InvalidArgumentError no subset, or a line that is no transcript
 */
export async function openLibriSpeech(folder: string): Promise<Dataset> {
  const root = isFolder(join(folder, "LibriSpeech")) ? join(folder, "LibriSpeech") : folder;
  const subsets = Object.keys(SUBSETS).filter((subset) => isFolder(join(root, subset)));
  if (subsets.length === 0) {
    throw new InvalidArgumentError(
      "librispeech folder",
      `a folder with a subset (${Object.keys(SUBSETS)})`,
      folder,
    );
  }
  const sexes = await readSexes(join(root, "SPEAKERS.TXT"));
  const rows = await Promise.all(subsets.map((subset) => readSubset(root, subset, sexes)));
  return {
    name: "librispeech",
    folder: root,
    rows: rows.flat(),
    licence: LICENCE,
    citation: CITATION,
    protocol: {
      kind: "splits",
      metric: "word error rate, clean and other apart",
      rule: "train, dev and test as given: they have no reader in common",
      citation: CITATION,
    },
    clusterBy: "reader",
    publishedClips: subsets.reduce((sum, subset) => sum + (SUBSETS[subset]?.clips ?? 0), 0),
  };
}

async function readSubset(
  root: string,
  subset: string,
  sexes: ReadonlyMap<string, string>,
): Promise<ManifestRow[]> {
  const names = await readdir(join(root, subset), { recursive: true });
  const rows: ManifestRow[] = [];
  for (const name of names.filter((each) => TRANSCRIPTS.test(each)).sort()) {
    const path = join(root, subset, name);
    const place = relative(root, join(path, "..")).split(sep).join("/");
    for (const line of await readLines(path)) {
      const { id, reader, chapter, text } = LINE.exec(line)?.groups ?? {};
      if (id === undefined || reader === undefined || text === undefined || chapter === undefined) {
        throw new InvalidArgumentError(path, "lines of {reader}-{chapter}-{nnnn} TRANSCRIPT", line);
      }
      const sex = sexes.get(reader);
      rows.push({
        id,
        path: `${place}/${id}.flac`,
        labels: { text, speaker: reader, chapter, subset, ...(sex === undefined ? {} : { sex }) },
        ...(SUBSETS[subset] === undefined ? {} : { split: SUBSETS[subset].split }),
        clusterId: reader,
        speaker: reader,
        licence: LICENCE,
      });
    }
  }
  return rows;
}

/** `ID |SEX| SUBSET |MINUTES| NAME`, lines of `;` are comments. */
async function readSexes(path: string): Promise<Map<string, string>> {
  if (!existsSync(path)) return new Map();
  const lines = (await readLines(path)).filter((line) => !line.startsWith(";"));
  return new Map(
    lines.map((line) => {
      const [reader = "", sex = ""] = line.split("|").map((cell) => cell.trim());
      return [reader, sex];
    }),
  );
}
