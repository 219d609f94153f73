/** What patterns, and what is found with them, show of themselves in a notebook. */
import { factsBundle } from "../../display/facts.ts";
import type { MimeBundle } from "../../display/mime.ts";
import { table } from "../../display/table.ts";
import type { CalibratedThreshold } from "./calibrate-threshold.ts";
import type { RecognitionResult, RecognitionSettings } from "./pattern-recognizer.ts";
import type { AudioPattern, PatternModel, SimilarPattern, StorageMetrics } from "./types.ts";

const ROWS = 20;

export function patternBundle({ id, features, model, labels, metadata }: AudioPattern): MimeBundle {
  return factsBundle(`Pattern ${id}`, {
    ...labels,
    source: metadata.source,
    "duration, s": metadata.audioProperties.duration,
    confidence: metadata.confidence,
    "learnt at": metadata.timestamp.toISOString(),
    features: features.length,
    model: describeModel(model),
  });
}

export function patternsBundle(patterns: readonly (AudioPattern | SimilarPattern)[]): MimeBundle {
  const rows = patterns.map(({ id, labels, metadata, ...rest }) => ({
    id,
    ...("similarity" in rest ? { similarity: rest.similarity } : {}),
    ...labels,
    source: metadata.source,
    "duration, s": metadata.audioProperties.duration,
  }));
  const { source, text } = table(rows, { title: `${patterns.length} patterns`, limit: ROWS });
  return { "text/html": source, "text/plain": text };
}

export function recognitionBundle(result: RecognitionResult): MimeBundle {
  const { label, similarity, votes, candidates } = result;
  const shares = [...votes].map(([name, share]) => `${name} ${(100 * share).toFixed(0)} %`);
  const shown = factsBundle(label === null ? "Unknown" : `Recognised: ${label}`, {
    "similarity of the nearest": similarity,
    votes: shares.length === 0 ? "none" : shares,
  });
  const near = patternsBundle(candidates);
  return {
    "text/html": `<div>${shown["text/html"]}${near["text/html"]}</div>`,
    "text/plain": `${shown["text/plain"]}\n${near["text/plain"]}`,
  };
}

export function thresholdBundle(found: CalibratedThreshold): MimeBundle {
  const { threshold, ...rest } = found;
  return factsBundle(`Threshold ${threshold.toFixed(3)}`, { ...rest });
}

export function metricsBundle({ upkeep, repairs, ...metrics }: StorageMetrics): MimeBundle {
  return factsBundle("Pattern storage", {
    ...metrics,
    "runs of the upkeep": upkeep.runs,
    "its last error": upkeep.lastError?.message,
    repairs: repairs.map(({ damage }) => damage),
  });
}

export function storageBundle(
  folder: string,
  model: PatternModel & { dimension: number },
): MimeBundle {
  const title = `PatternStorage in ${folder}`;
  return factsBundle(title, { model: describeModel(model), features: model.dimension });
}

export function learningBundle(folder: string, models: readonly PatternModel[]): MimeBundle {
  const learnt = models.length === 0 ? "none so far" : models.map(describeModel);
  return factsBundle(`PatternLearningSystem in ${folder}`, { "storages opened": learnt });
}

export function recognizerBundle(folder: string, settings: RecognitionSettings): MimeBundle {
  return factsBundle("PatternRecognizer", { storage: folder, ...settings });
}

function describeModel({ modelId, revision, layer, pooling }: PatternModel): string {
  return `${modelId} ${revision}, layer ${layer}, pooling ${pooling}`;
}
