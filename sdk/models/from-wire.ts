/** Results of the wire in the words of the SDK. */
import type { OperationPart, OperationResult } from "../bridge/operation-types.ts";
import type { ModelDescription } from "../bridge/protocol.gen.ts";
import type { TensorValue } from "../bridge/tensors.ts";
import { WireError } from "../errors.ts";
import { toMemoryUsage } from "./memory-usage.ts";
import type {
  Features,
  FeaturesEnd,
  FeaturesPart,
  ModelInfo,
  ProcessedAudio,
  ResultEnvelope,
} from "./model-service.ts";

export function toModelInfo(model: ModelDescription): ModelInfo {
  return {
    modelId: model.model_id,
    revision: model.revision,
    family: model.family,
    weights: model.weights,
    device: model.device,
    dtype: model.dtype,
    sampleRate: model.sample_rate,
    windowSeconds: model.window_seconds,
    secondsPerPass: model.seconds_per_pass,
    embeddingDim: model.embedding_dim,
    layers: model.layers,
    defaultLayer: model.default_layer,
    capabilities: model.capabilities,
    parameters: model.parameters,
    offers: model.offers,
  };
}

type WireResult = OperationResult<"process_audio"> | OperationResult<"extract_features">;

function toEnvelope(result: WireResult): ResultEnvelope {
  return {
    modelId: result.model_id,
    revision: result.revision,
    device: result.device,
    dtype: result.dtype,
    processingTime: result.processing_time,
    memoryUsage: toMemoryUsage(result.memory_usage),
  };
}

export function toProcessedAudio(result: OperationResult<"process_audio">): ProcessedAudio {
  return {
    text: result.result,
    prompt: result.prompt,
    tokens: result.tokens,
    stopReason: result.stop_reason,
    secondsHeard: result.seconds_heard,
    secondsGiven: result.seconds_given,
    ...toEnvelope(result),
  };
}

export function toFeatures(result: OperationResult<"extract_features">): Features {
  const { shape } = result;
  return {
    data: toFloats(result.features, shape),
    shape,
    secondsHeard: result.seconds_heard,
    secondsGiven: result.seconds_given,
    clipSeconds: result.clip_seconds,
    ...toFeaturesEnd(result),
  };
}

export function toFeaturesPart(part: OperationPart<"extract_features">): FeaturesPart {
  const { indices, features } = part;
  const rows = Array.isArray(features) ? features : undefined;
  const shape = rows ? [rows.length, rowWidth(rows)] : (features as TensorValue).shape;
  return {
    indices,
    data: toFloats(features, shape),
    shape,
    secondsHeard: part.seconds_heard,
    secondsGiven: part.seconds_given,
    clipSeconds: part.clip_seconds,
  };
}

function rowWidth([row]: readonly unknown[]): number {
  return Array.isArray(row) ? row.length : 0;
}

export function toFeaturesEnd(result: OperationResult<"extract_features">): FeaturesEnd {
  return {
    layer: result.layer,
    pooling: result.pooling,
    failures: result.failures,
    ...toEnvelope(result),
  };
}

/** The tensor, or nested arrays where no arena is shared; the row of a failed clip is null there. */
function toFloats(features: TensorValue | unknown[], shape: readonly number[]): Float32Array {
  if (!Array.isArray(features)) {
    if (features.data instanceof Float32Array) return features.data;
    throw new WireError("Python sent features that are not float32");
  }
  const width = shape.at(-1) ?? 0;
  const rows = shape.length === 1 ? [features] : features;
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(
    Number.NaN,
  );
  for (const [index, row] of rows.entries()) {
    // JSON has no NaN: a number that is none stands there as null, which Number would make 0.
    const toNumber = (value: unknown): number => (value === null ? Number.NaN : Number(value));
    if (Array.isArray(row)) data.set(row.map(toNumber), index * width);
  }
  return data;
}
