import { InvalidArgumentError } from "../../errors.ts";
import { showAs } from "../../shown-object.ts";
import { reaches } from "../storage/cosine.ts";
import { PatternRecognizer, type RecognitionQueryOptions, voteOf } from "./pattern-recognizer.ts";
import type { PatternStorage } from "./pattern-storage.ts";
import { thresholdBundle } from "./shown-patterns.ts";

/** A clip whose label is known; best from sources that are not stored. */
export interface CalibrationClip extends RecognitionQueryOptions {
  readonly features: Float32Array;
  readonly label: string;
}

/** A threshold, and how well it does on the clips that it was chosen with. */
export interface CalibratedThreshold {
  /** For `similarityThreshold`. */
  readonly threshold: number;
  /** Share of clips that are taken for known while their label is stored. */
  readonly sensitivity: number;
  /** Share of clips that are taken for unknown while their label is left out of the search. */
  readonly specificity: number;
  /** Clips that were used: those whose label is stored in patterns that they do not exclude. */
  readonly clips: number;
}

/**
 * The similarity that best tells clips of a stored label from clips of an unknown one. No unknown
 * label is needed: each clip is searched twice, once with all patterns and once with those of its
 * own label left out. What counts is the nearest pattern that may vote. Maximises
 * sensitivity + specificity - 1 (Youden, Cancer 3 (1950) 32).
 *
 * @param recognizer its label and its number of candidates count; a storage means the defaults
 * @throws InvalidArgumentError not one clip has a label that is stored
 *
 * @example
 * const { threshold } = await calibrateThreshold(storage, clips);
 * const recognizer = new PatternRecognizer(storage, { similarityThreshold: threshold });
 */
export async function calibrateThreshold(
  recognizer: PatternRecognizer | PatternStorage,
  clips: readonly CalibrationClip[],
): Promise<CalibratedThreshold> {
  const isRecognizer = recognizer instanceof PatternRecognizer;
  const voting = isRecognizer ? recognizer : new PatternRecognizer(recognizer);
  const known: number[] = [];
  const unknown: number[] = [];
  for (const clip of clips) {
    if (!(await isStored(voting, clip))) continue;
    known.push(await nearestVote(voting, clip));
    unknown.push(await nearestVote(voting, withoutOwnLabel(clip, voting.options.label)));
  }
  if (known.length === 0) {
    const expected = `some whose ${voting.options.label} is stored, beside what they exclude`;
    throw new InvalidArgumentError("clips", expected, clips.length);
  }
  return showAs({ ...bestThreshold(known, unknown), clips: known.length }, thresholdBundle);
}

/** Whether a pattern of the clip's label is left when those that it excludes are left out. */
async function isStored(recognizer: PatternRecognizer, clip: CalibrationClip): Promise<boolean> {
  const { storage, options } = recognizer;
  const { features, exclude, excludeLabels, label } = clip;
  const where = { labels: { [options.label]: label } };
  const search = { where, exclude, excludeLabels, limit: 1 };
  return (await storage.findSimilarIds(features, search)).length > 0;
}

/** The similarity up to which a recognition would know the clip: of the nearest that may vote. */
async function nearestVote(recognizer: PatternRecognizer, clip: CalibrationClip): Promise<number> {
  const { storage, options } = recognizer;
  const { features, exclude, excludeLabels } = clip;
  const search = { exclude, excludeLabels, limit: options.maxCandidates };
  const candidates = await storage.findSimilar(features, search);
  const nearest = candidates.find((it) => voteOf(it, options.label) !== undefined);
  return nearest?.similarity ?? -1;
}

/** The clip, with its own label among those that it excludes. */
function withoutOwnLabel(clip: CalibrationClip, label: string): CalibrationClip {
  const excluded = clip.excludeLabels?.[label] ?? [];
  const values = [...(typeof excluded === "string" ? [excluded] : excluded), clip.label];
  return { ...clip, excludeLabels: { ...clip.excludeLabels, [label]: values } };
}

function bestThreshold(
  known: readonly number[],
  unknown: readonly number[],
): Omit<CalibratedThreshold, "clips"> {
  const values = [...new Set([...known, ...unknown])].toSorted((a, b) => a - b);
  // Between two values, so that neither is decided by rounding; below the lowest, all is known.
  const thresholds = values.map((value, at) => (value + (values[at - 1] ?? value)) / 2);
  let best = { threshold: -1, sensitivity: 0, specificity: 0 };
  for (const threshold of thresholds) {
    const sensitivity = share(known, (value) => reaches(value, threshold));
    const specificity = share(unknown, (value) => !reaches(value, threshold));
    if (sensitivity + specificity > best.sensitivity + best.specificity) {
      best = { threshold, sensitivity, specificity };
    }
  }
  return best;
}

function share(values: readonly number[], holds: (value: number) => boolean): number {
  return values.filter(holds).length / values.length;
}
