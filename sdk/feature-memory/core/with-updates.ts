import { copyMetadata } from "./copy-metadata.ts";
import { requireObject } from "./pattern-criteria.ts";
import type { AudioPattern, PatternUpdate } from "./types.ts";

/** A pattern with some fields changed; its id and its model stay. */
export function withUpdates(pattern: AudioPattern, updates: PatternUpdate): AudioPattern {
  return {
    id: pattern.id,
    model: pattern.model,
    features: updates.features ?? pattern.features,
    labels: updates.labels ?? pattern.labels,
    metadata: { ...pattern.metadata, ...updates.metadata },
    relationships: updates.relationships ?? pattern.relationships,
  };
}

/**
 * Updates as they are now: their turn comes later, and the caller may go on changing what they
 * gave. Fields that are undefined are left out. What is none is kept, for the validator to refuse.
 *
 * @throws InvalidArgumentError updates, or metadata, that are no object
 */
export function copyUpdates(updates: PatternUpdate): PatternUpdate {
  requireObject("updates", updates);
  const { features, labels, metadata, relationships } = updates;
  if (metadata !== undefined) requireObject("updates.metadata", metadata);
  return {
    features: features instanceof Float32Array ? features.slice() : features,
    labels: isObject(labels) ? { ...labels } : labels,
    metadata: metadata && copyMetadata(metadata),
    relationships: relationships instanceof Map ? new Map(relationships) : relationships,
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
