/**
 * Speech Commands: single English words of at most 1 s, 16 kHz.
 *
 * `{word}/{speaker}_nohash_{n}.wav`, `validation_list.txt` and `testing_list.txt`; whatever stands in
 * neither is for training. The lists are drawn by speaker. `_background_noise_` is no word.
 */
import { join } from "node:path";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import { findRoot, readLines } from "./layout.ts";
import type { ClassLabels, Dataset, ManifestRow, Split } from "./manifest.ts";

const LICENCE = "CC-BY-4.0";
const CITATION =
  "Pete Warden: Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, 2018, " +
  "https://doi.org/10.48550/arXiv.1804.03209";
const CLIP = /^(?<word>[a-z]+)\/(?<speaker>[0-9a-f]+)_nohash_\d+\.wav$/;
const NOISE = "_background_noise_/";
/** Version 0.02. */
const PUBLISHED = { words: 35, clips: 105_829 };

/**
 * Opens the words that are there; training files that are missing cannot be told, for no list names them:
 * compare `rows` with `publishedClips`.
 *
 * @param folder the one with `testing_list.txt`
 * @throws InvalidArgumentError no such folder
 */
export async function openSpeechCommands(folder: string): Promise<Dataset<ClassLabels>> {
  const root = findRoot("speech-commands", folder, "testing_list.txt", "speech_commands_v0.02");
  const splits = new Map<string, Split>();
  for (const path of await readLines(join(root, "validation_list.txt"))) splits.set(path, "valid");
  for (const path of await readLines(join(root, "testing_list.txt"))) splits.set(path, "test");
  const files = (await findAudioFiles(root)).map(({ id }) => id);
  const paths = [...new Set([...files, ...splits.keys()])].sort();
  const rows = paths.flatMap((path) => toRow(path, splits.get(path) ?? "train"));
  const words = new Set(rows.map(({ labels }) => labels.class)).size;
  return {
    name: "speech-commands",
    folder: root,
    rows,
    licence: LICENCE,
    citation: CITATION,
    protocol: {
      kind: "splits",
      metric: `accuracy over all ${words} words (the paper's 12-way form, with "unknown" and silence, is another task)`,
      rule: "validation and test as the lists say: they were drawn by a hash of the speaker, so that no voice stands on both sides",
      citation: CITATION,
    },
    clusterBy: "speaker (the hash before `_nohash_`)",
    otherAudio: files.filter((path) => path.startsWith(NOISE)),
    ...(words === PUBLISHED.words ? { publishedClips: PUBLISHED.clips } : {}),
  };
}

function toRow(path: string, split: Split): ManifestRow<ClassLabels>[] {
  const { word, speaker } = CLIP.exec(path)?.groups ?? {};
  if (word === undefined || speaker === undefined) return []; // `validateDataset` names it
  return [
    {
      id: path.replace(/\.wav$/, ""),
      path,
      labels: { class: word, speaker },
      split,
      clusterId: speaker,
      speaker,
      licence: LICENCE,
    },
  ];
}
