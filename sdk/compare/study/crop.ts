import type { ModelInfo } from "../../models/model-service.ts";
import type { Design } from "./design.ts";

/** @returns what all arms hear of a clip, seconds; null: all of it, because each of them hears all */
export function cropSeconds(
  crop: Design["crop"],
  models: readonly Pick<ModelInfo, "windowSeconds">[],
): number | null {
  if (crop !== "common") return crop.seconds;
  const windows = models.flatMap(({ windowSeconds }) => windowSeconds ?? []);
  return windows.length === 0 ? null : Math.min(...windows);
}
