import { createHash } from "node:crypto";
import type { Schema } from "apache-arrow";
import type { PatternModel } from "../core/types.ts";
import { FeatureMemoryError } from "../feature-memory-error.ts";

/** What a table is of; it stands in the metadata of its schema. */
export interface CollectionFacts extends PatternModel {
  readonly dimension: number;
}

const KEY = "grym-synth";
/** Of the rows; another number, and the table is of another version of this package. */
const FORMAT = 1;

/** The facts as metadata of a schema. */
export function factsMetadata(facts: CollectionFacts): Map<string, string> {
  const { modelId, revision, layer, pooling, dimension } = facts;
  const text = JSON.stringify({ format: FORMAT, modelId, revision, layer, pooling, dimension });
  return new Map([[KEY, text]]);
}

/**
 * LanceDB allows letters, digits, `_`, `-` and `.`; a changed name ends in a hash of the facts, and
 * so does one with a dot inside a fact, which could be another model's.
 */
export function tableName({ modelId, revision, layer, pooling }: CollectionFacts): string {
  const parts = [modelId, revision, layer, pooling];
  const plain = parts.join(".");
  const safe = plain.replaceAll(/[^\w.-]/g, "_").slice(0, 160);
  const isDotted = parts.some((part) => part.includes("."));
  if (safe === plain && !isDotted) return plain;
  const unique = isDotted ? JSON.stringify(parts) : plain;
  const hash = createHash("sha256").update(unique).digest("hex").slice(0, 12);
  return `${safe.replace(/^\.+/, "")}.${hash}`;
}

/** @throws FeatureMemoryError pattern_wrong_model, pattern_wrong_dimension */
export function refuseOtherFacts(schema: Schema, asked: CollectionFacts, path: string): void {
  const found = readFacts(schema);
  const { dimension: _, ...model } = asked;
  const isSameModel =
    found !== undefined &&
    (Object.keys(model) as (keyof typeof model)[]).every((key) => found[key] === model[key]);
  if (!isSameModel) {
    throw new FeatureMemoryError(
      "pattern_wrong_model",
      `${path} is not a table of ${asked.modelId} ${asked.revision} ${asked.layer} ${asked.pooling}`,
      { path, found, asked },
    );
  }
  if (found.dimension === asked.dimension) return;
  throw new FeatureMemoryError(
    "pattern_wrong_dimension",
    `${path} holds patterns of ${found.dimension} features, not of ${asked.dimension}`,
    { path, found: found.dimension, asked: asked.dimension },
  );
}

/** @returns undefined where the table is none of ours, or of a form that this version cannot read */
function readFacts(schema: Schema): CollectionFacts | undefined {
  const text = schema.metadata.get(KEY);
  if (text === undefined) return undefined;
  const { format, ...facts } = JSON.parse(text) as CollectionFacts & { format: number };
  return format === FORMAT ? facts : undefined;
}
