import { FeatureMemoryError } from "../feature-memory-error.ts";
import { lengthOf } from "../storage/cosine.ts";
import type { AudioPattern, PatternMetadata, PatternModel, PatternQuery } from "./types.ts";

/**
 * Lengths that a stored vector may have; those of embeddings are near 1. LanceDB squares what it
 * stores in single precision: beyond 1e±19 its cosine would be 0, or no number.
 */
const MIN_LENGTH = 1e-12;
const MAX_LENGTH = 1e12;
export const MODEL_FIELDS = ["modelId", "revision", "layer", "pooling"] as const;

/**
 * Refuses a pattern that the store of a model must not hold.
 *
 * @throws FeatureMemoryError pattern_invalid, _wrong_model, _wrong_dimension or _not_finite
 */
export function validatePattern(
  pattern: AudioPattern,
  model: PatternModel & { readonly dimension: number },
): void {
  const id: unknown = pattern?.id;
  if (!isText(id) || id === "") {
    throw invalid(`id: not empty, text in well-formed Unicode; got ${JSON.stringify(id)}`, id);
  }
  const name = `pattern ${JSON.stringify(id)}`;
  validateQuery(pattern, model, name);
  refuseOtherLength(pattern.features, name);
  validateLabels(pattern.labels ?? {}, id);
  validateMetadata(pattern.metadata, id);
  validateRelationships(pattern.relationships ?? new Map(), name);
}

/** @throws FeatureMemoryError as `validatePattern`, of what a search compares */
export function validateQuery(
  query: PatternQuery,
  model: PatternModel & { readonly dimension: number },
  name = "the query",
): void {
  const features: unknown = query instanceof Float32Array ? query : query?.features;
  if (!(features instanceof Float32Array)) {
    throw invalid(`features of ${name}: a Float32Array`, name);
  }
  if (!(query instanceof Float32Array)) refuseOtherModel(query.model, model, name);
  if (features.length !== model.dimension) {
    throw new FeatureMemoryError(
      "pattern_wrong_dimension",
      `${name} has ${features.length} features; the store of ${model.modelId} has ${model.dimension}`,
      { expected: model.dimension, got: features.length },
    );
  }
  let squares = 0;
  for (const [index, value] of features.entries()) {
    if (!Number.isFinite(value)) {
      throw new FeatureMemoryError(
        "pattern_not_finite",
        `Feature ${index} of ${name} is ${value}; a clip that could not be read has such features`,
        { index },
      );
    }
    squares += value * value;
  }
  if (squares === 0) throw invalid(`features of ${name}: not all zero, which has no cosine`, name);
}

function refuseOtherLength(features: Float32Array, name: string): void {
  const length = lengthOf(features);
  if (length >= MIN_LENGTH && length <= MAX_LENGTH) return;
  const bounds = `from ${MIN_LENGTH} to ${MAX_LENGTH.toExponential()}`;
  throw invalid(
    `features of ${name}: of a length (root of the squares' sum) ${bounds}, got ${length}. Scale them: the cosine stays the same`,
    name,
  );
}

function refuseOtherModel(given: PatternModel, model: PatternModel, name: string): void {
  const differing = MODEL_FIELDS.filter((field) => given?.[field] !== model[field]);
  if (differing.length === 0) return;
  const words = differing.map((it) => `${it} ${JSON.stringify(given?.[it])}, not ${model[it]}`);
  throw new FeatureMemoryError(
    "pattern_wrong_model",
    `${name} is not of this store's model: ${words.join("; ")}. Each model has a store of its own.`,
    { expected: pickModel(model), got: given },
  );
}

/** The facts alone, whatever else the object carries. */
export function pickModel({ modelId, revision, layer, pooling }: PatternModel): PatternModel {
  return { modelId, revision, layer, pooling };
}

function validateRelationships(relationships: ReadonlyMap<unknown, unknown>, name: string): void {
  const isMap = relationships instanceof Map;
  const isWhole = ([other, similarity]: readonly unknown[]): boolean =>
    isText(other) && Number.isFinite(similarity);
  if (isMap && [...relationships].every(isWhole)) return;
  throw invalid(`relationships of ${name}: a Map of ids with finite similarities`, name);
}

function validateLabels(labels: Readonly<Record<string, unknown>>, id: string): void {
  if (typeof labels !== "object" || Array.isArray(labels)) {
    throw invalid(`labels of ${JSON.stringify(id)}: an object of texts`, id);
  }
  for (const [key, value] of Object.entries(labels)) {
    if (key === "" || key.includes("=") || !isText(key) || !isText(value)) {
      throw invalid(
        `labels of ${JSON.stringify(id)}: texts by keys without "=", got ${JSON.stringify({ [key]: value })}`,
        id,
      );
    }
  }
}

function validateMetadata(metadata: PatternMetadata, id: string): void {
  const { timestamp, lastAccessed, source, confidence, frequency, audioProperties } =
    metadata ?? {};
  const { duration, sampleRate, channels } = audioProperties ?? {};
  const rules: readonly (readonly [field: string, expected: string, holds: boolean])[] = [
    ["timestamp", "a valid Date", isDate(timestamp)],
    ["lastAccessed", "a valid Date", isDate(lastAccessed)],
    ["source", "text", isText(source)],
    [
      "confidence",
      "from 0 to 1",
      Number.isFinite(confidence) && confidence >= 0 && confidence <= 1,
    ],
    ["frequency", "finite and >= 0", Number.isFinite(frequency) && frequency >= 0],
    ["audioProperties.duration", "seconds >= 0", Number.isFinite(duration) && duration >= 0],
    ["audioProperties.sampleRate", "Hz above 0", Number.isFinite(sampleRate) && sampleRate > 0],
    ["audioProperties.channels", "a whole number >= 1", Number.isInteger(channels) && channels > 0],
  ];
  const broken = rules.find(([, , holds]) => !holds);
  if (broken === undefined) return;
  throw invalid(`metadata.${broken[0]} of ${JSON.stringify(id)}: ${broken[1]}`, id);
}

function isDate(value: unknown): boolean {
  return value instanceof Date && Number.isFinite(value.getTime());
}

/** Half a character would come back as another one, and an id with it would not be found. */
function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function invalid(expected: string, subject: unknown): FeatureMemoryError {
  return new FeatureMemoryError("pattern_invalid", `Expected ${expected}`, { subject });
}
