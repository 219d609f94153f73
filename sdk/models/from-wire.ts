/** Results of the wire in the words of the SDK. */
import type { OperationPart, OperationResult } from "../bridge/operation-types.ts";
import type {
  ModelDescription,
  Answer as WireAnswer,
  ClipScores as WireClipScores,
} from "../bridge/protocol.gen.ts";
import type { TensorValue } from "../bridge/tensors.ts";
import { WireError } from "../errors.ts";
import { showAs } from "../shown-object.ts";
import type { Answer, Answers, ProcessedAudio, TextPiece } from "./answer-types.ts";
import type { Features, FeaturesEnd, FeaturesPart } from "./feature-types.ts";
import { toMemoryUsage } from "./memory-usage.ts";
import type { ModelInfo } from "./model-service.ts";
import type { ResultEnvelope } from "./result-envelope.ts";
import type { ClipScores, ScoredAudio, ScoredClips } from "./score-types.ts";

/** What results show of themselves, loaded when one is shown. */
const forms = (): Promise<typeof import("./shown-results.ts")> => import("./shown-results.ts");

export function toModelInfo(model: ModelDescription): ModelInfo {
  const info: ModelInfo = {
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
    attention: model.attention,
    quantization: model.quantization,
    card: model.card,
  };
  return showAs(info, async (it) => (await forms()).modelBundle(it));
}

type WireResult = OperationResult<"process_audio" | "describe" | "score" | "extract_features">;

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
  const answer = { ...toAnswer({ ...result, text: result.result }), ...toEnvelope(result) };
  return showAs(answer, async (it) => (await forms()).answerBundle(it));
}

export function toTextPiece({ window, text }: OperationPart<"process_audio">): TextPiece {
  return { window, text };
}

/** @param clips the clip of each question */
export function toAnswers(result: OperationResult<"describe">, clips: readonly number[]): Answers {
  const answers: Answers = {
    answers: result.answers.map((answer) => (answer ? toAnswer(answer) : undefined)),
    fromDisk: result.from_disk,
    failures: result.failures.flatMap((failure) =>
      clips.flatMap((clip, index) => (clip === failure.index ? { ...failure, index } : [])),
    ),
    ...toEnvelope(result),
  };
  return showAs(answers, async (it) => (await forms()).answersBundle(it));
}

function toAnswer(answer: WireAnswer): Answer {
  return {
    text: answer.text,
    prompt: answer.prompt,
    tokens: answer.tokens,
    stopReason: answer.stop_reason,
    secondsHeard: answer.seconds_heard,
    secondsGiven: answer.seconds_given,
    cached: answer.cached,
    windows: answer.windows.map(({ stop_reason, ...window }) => ({
      ...window,
      stopReason: stop_reason,
    })),
  };
}

export function toScoredClips(result: OperationResult<"score">): ScoredClips {
  const { candidates, tokens, prompt, failures } = result;
  const clips = result.clips.map((clip) => clip && toClipScores(clip, candidates));
  const known = clips.map((clip) => clip ?? undefined);
  const asked = { candidates, tokens, prompt, fromDisk: result.from_disk };
  const scored = { clips: known, ...asked, failures, ...toEnvelope(result) };
  return showAs(scored, async (it) => (await forms()).scoredClipsBundle(it));
}

/** The same of a single clip. */
export function toScoredAudio(result: OperationResult<"score">): ScoredAudio {
  const { clips, failures: _, ...asked } = toScoredClips(result);
  const [clip] = clips;
  if (clip === undefined) throw new WireError("Python sent no scores of the only clip");
  return showAs({ ...clip, ...asked }, async (it) => (await forms()).scoredAudioBundle(it));
}

function toClipScores(clip: WireClipScores, candidates: readonly string[]): ClipScores {
  const scores = clip.log_probabilities;
  return {
    best: candidates[scores.indexOf(Math.max(...scores))] ?? "",
    logProbabilities: scores,
    meanLogProbabilities: clip.mean_log_probabilities,
    secondsHeard: clip.seconds_heard,
    secondsGiven: clip.seconds_given,
    cached: clip.cached,
  };
}

export function toFeatures(result: OperationResult<"extract_features">): Features {
  const features: Features = {
    ...toTable(result.features),
    secondsHeard: result.seconds_heard,
    secondsGiven: result.seconds_given,
    clipSeconds: result.clip_seconds,
    cached: result.cached,
    windows: result.windows,
    ...toFeaturesEnd(result),
  };
  return showAs(features, async (it) => (await forms()).featuresBundle(it));
}

export function toFeaturesPart(part: OperationPart<"extract_features">): FeaturesPart {
  return {
    indices: part.indices,
    ...toTable(part.features),
    secondsHeard: part.seconds_heard,
    secondsGiven: part.seconds_given,
    clipSeconds: part.clip_seconds,
    cached: part.cached,
  };
}

export function toFeaturesEnd(result: OperationResult<"extract_features">): FeaturesEnd {
  return {
    layer: result.layer,
    layers: result.layers,
    pooling: result.pooling,
    longAudio: result.long_audio,
    windowSeconds: result.window_seconds,
    hopSeconds: result.hop_seconds,
    l2: result.l2,
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
