import { InvalidArgumentError } from "../errors.ts";
import type { Features } from "../models/feature-types.ts";

/** Frames of several clips as `probe` of the kind `attention` takes them. */
export interface PaddedFrames {
  /** C order; NaN beyond the end of a clip, and in every frame of one that failed. */
  readonly features: Float32Array;
  readonly shape: readonly [clips: number, frames: number, features: number];
}

/**
 * Puts frames (`pooling: "none"`) of clips of any lengths into one array.
 *
 * @param clips `undefined` for a clip that failed
 * @throws InvalidArgumentError no clip, or features that are not [frames, features] of one width
 * @example
 * const frames = [];
 * for (const clip of clips) frames.push(await model.extractFeatures(clip, { pooling: "none" }));
 * await probe({ ...padFrames(frames), labels, groups, kind: "attention" });
 */
export function padFrames(
  clips: readonly (Pick<Features, "data" | "shape"> | undefined)[],
): PaddedFrames {
  const known = clips.filter((clip) => clip !== undefined);
  const width = known[0]?.shape[1] ?? 0;
  if (known.length === 0 || known.some(({ shape }) => shape.length !== 2 || shape[1] !== width)) {
    const expected = "clips of shape [frames, features], of one width, as `pooling: none` gives";
    throw new InvalidArgumentError(
      "clips",
      expected,
      known.map(({ shape }) => shape),
    );
  }
  const frames = Math.max(...known.map(({ shape }) => shape[0] ?? 0));
  const features = new Float32Array(clips.length * frames * width).fill(Number.NaN);
  for (const [index, clip] of clips.entries()) {
    if (clip !== undefined) features.set(clip.data, index * frames * width);
  }
  return { features, shape: [clips.length, frames, width] };
}
