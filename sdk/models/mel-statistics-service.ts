import { BridgedService } from "./bridged-service.ts";
import type { ServiceOptions } from "./model-service.ts";

/** Log-mel filter bank energies, or the first 20 of their cosine transform. */
export type MelStatisticsKind = "fbank" | "mfcc-20";

/** Options of the baseline; its `kind` is its model. */
export interface MelStatisticsOptions extends Pick<ServiceOptions, "bridge" | "device"> {
  /** @default "fbank" */
  readonly kind?: MelStatisticsKind | undefined;
}

/** The baseline that has learnt nothing: mean and deviation of mel bands. A model must beat it. */
export class MelStatisticsService extends BridgedService {
  constructor(options: MelStatisticsOptions = {}) {
    super(options.kind ?? "fbank", options);
  }
}
