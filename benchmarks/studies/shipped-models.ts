/** The shipped models on the shipped samples, read in four ways and held against every baseline. */
import { labelMapper, type Study } from "grym-synth/compare";
import { openDataset } from "../../datasets/index.ts";

/** A question whose kind gama-tiny was shown to have learnt. */
const PROMPT = "What is the main sound?";

/** @param data as `openDataset` takes it */
export async function shippedModels(data = "samples"): Promise<Study> {
  const dataset = await openDataset(data);
  const labels = [...new Set(dataset.rows.map((row) => row.labels.class))].sort();
  const pairs = labels.map((label) => [label, label.replaceAll(/[_-]+/g, " ")] as const);
  // Of the labels' names alone: no outcome was looked at to choose a prompt, a text or a rule.
  const candidates = Object.fromEntries(pairs);
  const mapper = labelMapper(Object.fromEntries(pairs.map(([label, text]) => [label, [text]])));
  return {
    name: "shipped-models",
    question: `Are gama-tiny's features better than wav2vec2-tiny's on ${dataset.name}?`,
    data: dataset,
    arms: [
      { id: "gama", model: "gama-tiny", reads: { by: "features" } },
      { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
      {
        id: "gama-ranks",
        model: "gama-tiny",
        reads: { by: "score", prompt: PROMPT, candidates, rule: "sum" },
      },
      { id: "gama-says", model: "gama-tiny", reads: { by: "text", prompt: PROMPT, mapper } },
    ],
    tasks: [
      { kind: "linear" },
      { kind: "knn" },
      { kind: "few-shot" },
      { kind: "retrieval" },
      { kind: "clustering" },
      { kind: "zero-shot" },
    ],
    primary: [
      { a: "gama", b: "wav2vec2", task: "linear", metric: "accuracy", claim: "superior" },
      { a: "wav2vec2", b: "fbank", task: "linear", metric: "accuracy", claim: "superior" },
    ],
    seed: 7,
  };
}
