/** Patterns for the tests: their features follow from their ids. */
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  AudioPattern,
  PatternModel,
  PatternStorageOptions,
} from "../../feature-memory/index.ts";

export const DIMENSION = 24;

export const PATTERN_MODEL: PatternModel = {
  modelId: "test-model",
  revision: "r1",
  layer: "last",
  pooling: "mean",
};

export const MODEL: PatternStorageOptions["model"] = { ...PATTERN_MODEL, dimension: DIMENSION };

/** A new folder under the system's temporary one. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "patterns-"));
}

/** Numbers in [-1, 1), the same for the same seed. */
export function seededNumbers(seed: string, count: number): Float32Array {
  const numbers = new Float32Array(count);
  for (let start = 0; start < count; start += 8) {
    const bytes = createHash("sha256").update(`${seed} ${start}`).digest();
    for (let at = start; at < Math.min(count, start + 8); at += 1) {
      numbers[at] = bytes.readInt32LE((at - start) * 4) / 2 ** 31;
    }
  }
  return numbers;
}

export function makePattern(id: string, changes: Partial<AudioPattern> = {}): AudioPattern {
  return {
    id,
    features: seededNumbers(id, DIMENSION),
    model: PATTERN_MODEL,
    labels: {},
    metadata: {
      timestamp: new Date("2026-01-02T03:04:05.678Z"),
      source: "a.wav",
      confidence: 0.5,
      frequency: 1,
      lastAccessed: new Date("2026-02-03T04:05:06.789Z"),
      audioProperties: { duration: 1.25, sampleRate: 16_000, channels: 1 },
    },
    relationships: new Map(),
    ...changes,
  };
}

export function makePatterns(prefix: string, count: number): AudioPattern[] {
  return Array.from({ length: count }, (_, index) => makePattern(`${prefix}${index}`));
}
