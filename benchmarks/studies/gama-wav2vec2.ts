// npm run compare -- benchmarks/studies/gama-wav2vec2.ts: the shipped models on the shipped samples, GAMA read in
// three ways. Copy it for a study of your own.
import { labelMapper, type Study } from "grym-synth/compare";
import { openDataset } from "../../datasets/index.ts";

const prompt = "What is the main sound?";

export default async (): Promise<Study> => {
  const data = await openDataset("samples");
  // Texts by label, fixed before a clip is heard: no outcome was looked at to choose them.
  const { phrases = {} } = data;
  const words = Object.entries(phrases).map(([label, phrase]) => [label, [phrase]]);
  return {
    name: "gama-wav2vec2",
    question: "Do GAMA's features tell the shipped sounds apart better than wav2vec2's?",
    data,
    arms: [
      { id: "gama", model: "gama-tiny", reads: { by: "features" } },
      { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
      {
        id: "gama-ranks",
        model: "gama-tiny",
        reads: { by: "score", prompt, candidates: phrases, rule: "sum" },
      },
      {
        id: "gama-says",
        model: "gama-tiny",
        reads: { by: "text", prompt, mapper: labelMapper(Object.fromEntries(words)) },
      },
    ],
    tasks: [
      { kind: "linear" },
      { kind: "knn" },
      { kind: "few-shot" },
      { kind: "retrieval" },
      { kind: "clustering" },
      { kind: "zero-shot" },
    ],
    // Declared before anything is heard: what the verdict is about. All else is labelled as explored.
    primary: [
      { a: "gama", b: "wav2vec2", task: "linear", metric: "accuracy", claim: "superior" },
      { a: "wav2vec2", b: "fbank", task: "linear", metric: "accuracy", claim: "superior" },
    ],
    cost: {},
    seed: 7,
  };
};
