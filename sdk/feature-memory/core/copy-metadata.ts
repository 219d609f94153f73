import type { PatternMetadata } from "./types.ts";

const FIELDS = [
  "timestamp",
  "source",
  "confidence",
  "frequency",
  "lastAccessed",
  "audioProperties",
] as const;

/** A copy of the fields that are stored; those that are undefined, and others, are left out. */
export function copyMetadata<Given extends Partial<PatternMetadata>>(metadata: Given): Given {
  const fields = FIELDS.flatMap((field) => {
    const value: unknown = metadata[field];
    return value === undefined ? [] : [[field, copyValue(value)] as const];
  });
  return Object.fromEntries(fields) as Given;
}

function copyValue(value: unknown): unknown {
  if (value instanceof Date) return new Date(value);
  if (typeof value !== "object" || value === null) return value;
  const { duration, sampleRate, channels } = value as Partial<PatternMetadata["audioProperties"]>;
  return { duration, sampleRate, channels };
}
