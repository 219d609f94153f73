/** The one manifest of every data set: a row per clip, and what the data set's authors say of its use. */

/** What is true of a clip, as far as its data set says; a folder without labels says nothing. */
export interface ClipLabels {
  /** The one class; what a task reads off by default. */
  readonly class?: string;
  /** All that apply, where clips have several. */
  readonly tags?: readonly string[];
  /** What is said or heard, in words: a transcript or a caption. */
  readonly text?: string;
  readonly [label: string]: string | number | boolean | readonly string[] | null | undefined;
}

/** Labels with a class, as probes of one class take them. */
export interface ClassLabels extends ClipLabels {
  readonly class: string;
}

/** The part of a data set that a clip belongs to, as its authors cut it. */
export type Split = "train" | "valid" | "test";

/** A clip of a data set. */
export interface ManifestRow<Labels extends ClipLabels = ClipLabels> {
  readonly id: string;
  /** Path from the data set's folder, with `/`. */
  readonly path: string;
  /** Of the file, hexadecimal; absent where nobody published it and `hashRows` was not asked. */
  readonly sha256?: string;
  readonly labels: Labels;
  readonly split?: Split;
  /** The authors' own. */
  readonly fold?: number;
  /** The source (preset, voice, speaker, recording): sources are counted, not clips. */
  readonly clusterId: string;
  /** Number of the recording on freesound.org: the same sound has it in every data set. */
  readonly freesoundId?: string;
  readonly speaker?: string;
  readonly artist?: string;
  /** SPDX identifier; `NOASSERTION` where nobody says. */
  readonly licence: string;
  /** Length of the clip. */
  readonly seconds?: number;
}

/** How the authors want their data set to be used. */
export interface DatasetProtocol {
  /**
   * `folds`: cross-validation over the authors' folds; `splits`: training, validation and test are given;
   * `free`: whoever uses it draws folds of whole sources.
   */
  readonly kind: "folds" | "splits" | "free";
  /** What the paper reports. */
  readonly metric: string;
  /** The authors' rule in a sentence. */
  readonly rule: string;
  /** Where the rule stands. */
  readonly citation: string;
}

/** An opened data set. */
export interface Dataset<Labels extends ClipLabels = ClipLabels> {
  readonly name: string;
  /** What the rows' paths start from. */
  readonly folder: string;
  readonly rows: readonly ManifestRow<Labels>[];
  readonly licence: string;
  readonly citation: string;
  readonly protocol: DatasetProtocol;
  /** What a `clusterId` is; null where nobody says which clips share a source, and each stands for itself. */
  readonly clusterBy: string | null;
  /** How each class is said in words (`a dog`), written without looking at what a model answers. */
  readonly phrases?: Readonly<Record<string, string>>;
  /** Audio that belongs to the data set and is no clip of it. */
  readonly otherAudio?: readonly string[];
  /** Files that its numbering says are there, and are not. */
  readonly gaps?: readonly string[];
  /** How many clips the authors published, in the parts that are here. */
  readonly publishedClips?: number;
}
