import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { openAudioFolder } from "./audiofolder.ts";
import { openEsc50 } from "./esc50.ts";
import { openFolder } from "./folder.ts";
import { openFsd50k } from "./fsd50k.ts";
import { openFsdd } from "./fsdd.ts";
import { isFolder } from "./layout.ts";
import { openLibriSpeech } from "./librispeech.ts";
import { type ClassLabels, type Dataset, refuseTwins } from "./manifest.ts";
import { openNsynth } from "./nsynth.ts";
import { requireClasses } from "./require-classes.ts";
import { openManifestRows, openSamples } from "./samples.ts";
import { openSpeechCommands } from "./speech-commands.ts";
import { openUrbanSound8k } from "./urbansound8k.ts";

/** What is done with the data set. */
export interface OpenOptions {
  /**
   * Whether every clip must have a class. Without, transcripts, tags and folders without labels open too.
   * @default true
   */
  readonly classes?: boolean | undefined;
}

/** A data set by name: how it is opened, and what shows that a folder is one. */
interface Door {
  readonly open: (folder: string) => Promise<Dataset>;
  readonly marks: readonly string[];
}

const DOORS: Readonly<Record<string, Door>> = {
  esc50: { open: openEsc50, marks: ["meta/esc50.csv"] },
  urbansound8k: { open: openUrbanSound8k, marks: ["metadata/UrbanSound8K.csv"] },
  fsd50k: { open: openFsd50k, marks: ["FSD50K.ground_truth"] },
  librispeech: { open: openLibriSpeech, marks: ["SPEAKERS.TXT", "LibriSpeech"] },
  "speech-commands": { open: openSpeechCommands, marks: ["testing_list.txt"] },
  nsynth: { open: openNsynth, marks: ["nsynth-train", "nsynth-valid", "nsynth-test"] },
  fsdd: {
    open: openFsdd,
    marks: Array.from({ length: 10 }, (_, digit) => `recordings/${digit}_jackson_0.wav`),
  },
  "fsdd-speakers": { open: (folder) => openFsdd(folder, { task: "speakers" }), marks: [] },
  manifest: { open: openManifestFolder, marks: ["manifest.jsonl"] },
  audiofolder: {
    open: openAudioFolder,
    marks: ["metadata.csv", "metadata.jsonl", "train", "test"],
  },
  folder: { open: openFolder, marks: [] },
};
const FORMS =
  `\`samples\`, a folder, \`NAME:FOLDER\` with NAME of ${Object.keys(DOORS).join(", ")}, ` +
  "or `fsdd` with its folder in GRYM_DATA_FSDD";

/**
 * Opens a data set by name, or a folder by what is in it: a folder that shows no data set's mark is an
 * `audiofolder` of classes where all its audio lies in folders, else a `folder` without labels.
 *
 * @param spec `samples`, `esc50:FOLDER`, …, `FOLDER`, or `fsdd` with its folder in GRYM_DATA_FSDD
 * @default GRYM_DATASET, else `samples`
 * @throws InvalidArgumentError there is no such data set, or a clip has no class and needs one
 */
export async function openDataset(spec?: string): Promise<Dataset<ClassLabels>>;
export async function openDataset(spec: string | undefined, options: OpenOptions): Promise<Dataset>;
export async function openDataset(
  spec: string = process.env["GRYM_DATASET"] || "samples",
  { classes = true }: OpenOptions = {},
): Promise<Dataset> {
  const dataset = await openAny(spec);
  if (dataset.rows.length === 0) {
    throw new InvalidArgumentError(`${dataset.name} in ${spec}`, "a row at least", dataset.rows);
  }
  refuseTwins(dataset.rows);
  return classes ? requireClasses(dataset) : dataset;
}

async function openAny(spec: string): Promise<Dataset> {
  if (spec === "samples") return await openSamples();
  const colon = spec.indexOf(":");
  const name = colon === -1 ? spec : spec.slice(0, colon);
  const isFsdd = name === "fsdd" || name === "fsdd-speakers";
  const folder = spec.slice(name.length + 1) || (isFsdd ? process.env["GRYM_DATA_FSDD"] : "");
  const door = DOORS[name];
  if (door !== undefined && folder) return await door.open(folder);
  if (spec !== "" && isFolder(spec)) return await openByMarks(spec);
  throw new InvalidArgumentError("data set", FORMS, spec);
}

async function openByMarks(folder: string): Promise<Dataset> {
  const marked = Object.values(DOORS).find(({ marks }) =>
    marks.some((mark) => existsSync(join(folder, mark))),
  );
  if (marked !== undefined) return await marked.open(folder);
  const plain = await openFolder(folder);
  return plain.rows.every(({ path }) => path.includes("/")) ? await openAudioFolder(folder) : plain;
}

/** A folder with a `manifest.jsonl`, as the samples have it. */
async function openManifestFolder(folder: string): Promise<Dataset> {
  const { rows, licence } = await openManifestRows(folder);
  const has = (field: "fold" | "split"): boolean => rows.every((row) => row[field] !== undefined);
  const isSplit = has("split") && rows.some(({ split }) => split === "train");
  const kind = has("fold") ? "folds" : isSplit ? "splits" : "free";
  return {
    name: basename(resolve(folder)),
    folder,
    rows,
    licence,
    citation: "a folder of the user's own",
    protocol: {
      kind,
      metric: "accuracy",
      rule: kind === "free" ? "none" : `whoever made the manifest gave its ${kind}`,
      citation: "its manifest.jsonl",
    },
    clusterBy: "the manifest's `clusterId`",
  };
}
