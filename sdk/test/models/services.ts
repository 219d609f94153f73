/** What tests of services share: a clip, and one process for the tests of a file. */
import { afterAll } from "vitest";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";

export const RATE = 16_000;
export const tone: Float32Array = Float32Array.from(
  { length: 2 * RATE },
  (_, index) => Math.sin(index / 10) / 2,
);
export const clip: { readonly samples: Float32Array; readonly sampleRate: number } = {
  samples: tone,
  sampleRate: RATE,
};

/** Keeps the shared process alive between the tests of this file: importing torch takes seconds. */
export function keepSharedProcess(): MelStatisticsService {
  const keeper = new MelStatisticsService();
  afterAll(() => keeper.shutdown());
  return keeper;
}
