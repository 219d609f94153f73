import type { ErrorCode } from "../bridge/protocol.gen.ts";
import { isClipFault } from "../error-codes.ts";
import { OperationFailedError } from "../errors.ts";
import type { FeatureOptions, Features } from "../models/feature-types.ts";
import type { ModelService } from "../models/model-service.ts";
import type { ClipRow } from "./clip-row.ts";

/** A clip in windows: a row for each, with `start` and `end` in seconds. */
export interface WindowedClip {
  readonly rows: readonly ClipRow[];
  /** One row of numbers for each; `undefined` where the clip failed. */
  readonly features: Features | undefined;
  /** Why it failed. */
  readonly failure?: { readonly code: ErrorCode; readonly message: string };
}

/**
 * Features of one clip, window by window.
 *
 * @throws OperationFailedError an error that is not the clip's own
 */
export async function embedWindows(
  service: ModelService,
  clip: ClipRow,
  options: FeatureOptions,
): Promise<WindowedClip> {
  try {
    const features = await service.extractFeatures(clip.audio, options);
    const { windows } = features;
    const spread = <T>(values: readonly T[]): T[] => windows.flatMap(() => values.slice(0, 1));
    return {
      rows: windows.map(({ start, end }) => withSpan(clip, start, end)),
      features: {
        ...features,
        secondsHeard: windows.map(({ start, end }) => end - start),
        secondsGiven: spread(features.secondsGiven),
        clipSeconds: spread(features.clipSeconds).map((seconds) => seconds / windows.length),
        cached: spread(features.cached),
      },
    };
  } catch (error) {
    if (!(error instanceof OperationFailedError && isClipFault(error.code))) throw error;
    const failure = { code: error.code, message: error.cause.message };
    return { rows: [withSpan(clip, null, null)], features: undefined, failure };
  }
}

function withSpan(clip: ClipRow, start: number | null, end: number | null): ClipRow {
  return { ...clip, columns: { ...clip.columns, start, end } };
}
