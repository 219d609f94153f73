import type { Exposure } from "../study-types.ts";

/** What the shipped models had of the shipped samples, as their model cards say. */
const OF_SAMPLES: Readonly<Record<string, Exposure>> = {
  "gama-tiny": {
    kind: "labels of these classes",
    source: "its model card: the same rendering, of other presets, voices and seeds",
  },
  "wav2vec2-tiny": {
    kind: "none",
    source: "its model card: no labels; sounds of the same rendering, of other presets and voices",
  },
};

/** What an arm's training had of a data set, where the study does not say and we do know. */
export function knownExposure(model: string, dataset: string): Exposure {
  const known = dataset === "samples" ? OF_SAMPLES[model] : undefined;
  return known ?? { kind: "unknown", source: "nobody says" };
}
