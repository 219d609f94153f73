// npm run compare -- benchmarks/studies/gama-wav2vec2.ts: both shipped models on the shipped samples, by a probe
// of their features, by a search among them, and GAMA by its own words. Copy it for a study of your own.
import type { Study } from "grym-synth/compare";
import { openDataset } from "../../datasets/index.ts";

export default async (): Promise<Study> => {
  const data = await openDataset("samples");
  return {
    name: "gama-wav2vec2",
    question: "Do GAMA's features tell the shipped sounds apart better than wav2vec2's?",
    data,
    arms: [
      { id: "gama", model: "gama-tiny", reads: { by: "features" } },
      { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
      {
        id: "gama-words",
        model: "gama-tiny",
        reads: {
          by: "score",
          prompt: "What is the main sound?",
          candidates: data.phrases ?? {},
          rule: "sum",
        },
      },
    ],
    tasks: [{ kind: "linear" }, { kind: "knn" }, { kind: "zero-shot" }],
    // Declared before anything is heard: what the verdict is about. All else is labelled as explored.
    primary: [
      { a: "gama", b: "wav2vec2", task: "linear", metric: "accuracy", claim: "superior" },
      { a: "gama", b: "wav2vec2", task: "knn", metric: "accuracy", claim: "superior" },
    ],
    seed: 1,
  };
};
