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
