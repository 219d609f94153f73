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
    extras: model.extras,
    notes: model.notes,
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
  return {
    ...toTable(result.features),
    secondsHeard: result.seconds_heard,
    secondsGiven: result.seconds_given,
    clipSeconds: result.clip_seconds,
    ...toFeaturesEnd(result),
  };
}

export function toFeaturesPart(part: OperationPart<"extract_features">): FeaturesPart {
  return {
    indices: part.indices,
    ...toTable(part.features),
    secondsHeard: part.seconds_heard,
    secondsGiven: part.seconds_given,
    clipSeconds: part.clip_seconds,
  };
}

export function toFeaturesEnd(result: OperationResult<"extract_features">): FeaturesEnd {
  return {
    layer: result.layer,
    pooling: result.pooling,
    failures: result.failures,
    ...toEnvelope(result),
  };
}

/** The numbers of the tensor that the services ask for. */
function toTable(features: TensorValue | unknown[]): Pick<Features, "data" | "shape"> {
  if (!Array.isArray(features) && features.data instanceof Float32Array) {
    return { data: features.data, shape: features.shape };
  }
  throw new WireError("Python sent features that are no tensor of float32");
}
