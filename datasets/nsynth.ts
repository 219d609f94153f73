/**
 * NSynth: 305,979 notes of 1,006 instruments, 4 s each, 16 kHz mono.
 *
 * `nsynth-{train,valid,test}/examples.json` and `…/audio/{instrument}-{pitch}-{velocity}.wav`. The source
 * is the instrument; none of those in train is in valid or test.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { readJson } from "./layout.ts";
import type { ClassLabels, Dataset, ManifestRow, Split } from "./manifest.ts";

const LICENCE = "CC-BY-4.0";
const CITATION =
  "Jesse Engel, Cinjon Resnick, Adam Roberts, Sander Dieleman, Douglas Eck, Karen Simonyan, Mohammad Norouzi: " +
  "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders, ICML 2017, https://arxiv.org/abs/1704.01279";
const PUBLISHED = { train: 289_205, valid: 12_678, test: 4096 } as const;
const SECONDS = 4;

/** A note of `examples.json`, as far as it is read. */
interface Note {
  readonly instrument_str: string;
  readonly instrument_family_str: string;
  readonly instrument_source_str: string;
  readonly pitch: number;
  readonly velocity: number;
  readonly qualities_str: readonly string[];
}

/**
 * Opens the splits that are there.
 *
 * @param folder the one with `nsynth-test` and its like
 * @throws InvalidArgumentError no split, or notes without their instrument
 */
export async function openNsynth(folder: string): Promise<Dataset<ClassLabels>> {
  const splits = (["train", "valid", "test"] as const).filter((split) =>
    existsSync(examplesOf(folder, split)),
  );
  if (splits.length === 0) {
    throw new InvalidArgumentError(
      "nsynth folder",
      "a folder with `nsynth-test/examples.json` or its like",
      folder,
    );
  }
  const rows = await Promise.all(splits.map((split) => readSplit(folder, split)));
  return {
    name: "nsynth",
    folder,
    rows: rows.flat(),
    licence: LICENCE,
    citation: CITATION,
    protocol: {
      kind: "splits",
      metric: "accuracy of the instrument family",
      rule: "train, valid and test as given: no instrument of train is in the others",
      citation: CITATION,
    },
    clusterBy: "instrument",
    publishedClips: splits.reduce((sum, split) => sum + PUBLISHED[split], 0),
  };
}

const examplesOf = (folder: string, split: Split): string =>
  join(folder, `nsynth-${split}`, "examples.json");

async function readSplit(folder: string, split: Split): Promise<ManifestRow<ClassLabels>[]> {
  const path = examplesOf(folder, split);
  const notes = (await readJson(path)) as Record<string, Partial<Note>>;
  return Object.entries(notes).map(([id, note]) => {
    const { instrument_str: instrument, instrument_family_str: family } = note;
    if (instrument === undefined || family === undefined) {
      throw new InvalidArgumentError(
        `${path}: ${id}`,
        "a note with `instrument_str` and `instrument_family_str`",
        note,
      );
    }
    return {
      id,
      path: `nsynth-${split}/audio/${id}.wav`,
      labels: {
        class: family,
        tags: note.qualities_str ?? [],
        source: note.instrument_source_str,
        pitch: note.pitch,
        velocity: note.velocity,
      },
      split,
      clusterId: instrument,
      licence: LICENCE,
      seconds: SECONDS,
    };
  });
}
