import { InvalidArgumentError } from "../../errors.ts";
import { PatternRecognizer, type RecognitionQueryOptions } from "./pattern-recognizer.ts";
import type { PatternStorage } from "./pattern-storage.ts";

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
  /** Clips that were used: those whose label is stored. */
  readonly clips: number;
}

/**
 * The similarity that best tells clips of a stored label from clips of an unknown one. No unknown
 * label is needed: each clip is searched twice, once with all patterns and once with those of its
 * own label left out. Maximises sensitivity + specificity - 1 (Youden, Cancer 3 (1950) 32).
 *
 * @param recognizer its label is asked for; a storage means `class`
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
  const { storage, options } = isRecognizer ? recognizer : new PatternRecognizer(recognizer);
  const counts = new Map<string, number>();
  for (const label of new Set(clips.map((clip) => clip.label))) {
    counts.set(label, await storage.count({ labels: { [options.label]: label } }));
  }
  const known: number[] = [];
  const unknown: number[] = [];
  for (const clip of clips.filter(({ label }) => (counts.get(label) ?? 0) > 0)) {
    const withoutOwn = { ...clip.excludeLabels, [options.label]: clip.label };
    known.push(await nearest(storage, clip));
    unknown.push(await nearest(storage, { ...clip, excludeLabels: withoutOwn }));
  }
  if (known.length === 0) {
    throw new InvalidArgumentError("clips", `some whose ${options.label} is stored`, clips.length);
  }
  return { ...bestThreshold(known, unknown), clips: known.length };
}

async function nearest(storage: PatternStorage, clip: CalibrationClip): Promise<number> {
  const { features, exclude, excludeLabels } = clip;
  const [hit] = await storage.findSimilarIds(features, { exclude, excludeLabels, limit: 1 });
  return hit?.similarity ?? -1;
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
    const sensitivity = share(known, (value) => value >= threshold);
    const specificity = share(unknown, (value) => value < threshold);
    if (sensitivity + specificity > best.sensitivity + best.specificity) {
      best = { threshold, sensitivity, specificity };
    }
  }
  return best;
}

function share(values: readonly number[], holds: (value: number) => boolean): number {
  return values.filter(holds).length / values.length;
}
