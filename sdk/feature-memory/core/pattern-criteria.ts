/**
 * Criteria as the SQL that LanceDB filters with.
 *
 * Values stand in it as literals with doubled quotes, the one character that has a meaning there
 * (no backslash escapes, no wildcards: only `=`, `IN` and list functions are used).
 */
import { InvalidArgumentError } from "../../errors.ts";
import type { LabelCriteria, PatternCriteria, SearchOptions } from "./types.ts";

/**
 * Beyond these times, in the years ±261,000, the database has none; a Date has.
 * Milliseconds since 1970.
 */
const LAST_TIME = 8.2e15;

/**
 * @returns undefined where every pattern matches
 * @throws InvalidArgumentError a condition that is of another kind than its type says
 */
export function toFilter(
  criteria: PatternCriteria = {},
  exclude: Pick<SearchOptions, "exclude" | "excludeLabels"> = {},
): string | undefined {
  requireObject("criteria", criteria);
  const { ids, source, labels, since, until, minConfidence } = criteria;
  const conditions = [
    ...(ids === undefined ? [] : [isOneOf("id", requireTexts("ids", ids))]),
    ...(source === undefined ? [] : [isOneOf("source", toTexts("source", source))]),
    ...labelConditions("labels", labels),
    ...(since === undefined ? [] : [`timestamp >= ${toTime("since", since)}`]),
    ...(until === undefined ? [] : [`timestamp < ${toTime("until", until)}`]),
    ...(minConfidence === undefined ? [] : [`confidence >= ${toNumber(minConfidence)}`]),
    ...excludedIds(exclude.exclude),
    ...labelConditions("excludeLabels", exclude.excludeLabels).map((it) => `NOT ${it}`),
  ];
  return conditions.length === 0 ? undefined : conditions.join(" AND ");
}

/** A label as its text in the store. */
export function toLabelText(key: string, value: string): string {
  return `${key}=${value}`;
}

/** @throws InvalidArgumentError */
export function requireObject(field: string, value: unknown): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  throw new InvalidArgumentError(field, "an object", value);
}

function excludedIds(ids: readonly string[] | undefined): string[] {
  if (ids === undefined || requireTexts("exclude", ids).length === 0) return [];
  return [`NOT ${isOneOf("id", ids)}`];
}

function labelConditions(field: string, labels: LabelCriteria = {}): string[] {
  requireObject(field, labels);
  return Object.entries(labels).map(([key, values]) => {
    if (key === "" || key.includes("=")) {
      throw new InvalidArgumentError(`key of ${field}`, 'not empty, without "="', key);
    }
    const texts = toTexts(`${field}.${key}`, values).map((value) => toLabelText(key, value));
    return texts.length === 0 ? "false" : `array_has_any(labels, [${quoteAll(texts)}])`;
  });
}

function isOneOf(column: string, values: readonly string[]): string {
  return values.length === 0 ? "false" : `${column} IN (${quoteAll(values)})`;
}

function toTexts(field: string, values: string | readonly string[]): readonly string[] {
  return typeof values === "string" ? [values] : requireTexts(field, values);
}

function requireTexts(field: string, values: readonly string[]): readonly string[] {
  if (!Array.isArray(values)) throw new InvalidArgumentError(field, "a list of texts", values);
  const other = values.findIndex((value) => typeof value !== "string");
  if (other === -1) return values;
  throw new InvalidArgumentError(`${field}[${other}]`, "text", values[other]);
}

function quoteAll(texts: readonly string[]): string {
  return texts.map((text) => `'${text.replaceAll("'", "''")}'`).join(", ");
}

function toTime(field: string, date: Date): string {
  const time = date instanceof Date ? date.getTime() : Number.NaN;
  if (!Number.isFinite(time)) throw new InvalidArgumentError(field, "a valid Date", date);
  return `to_timestamp_millis(${Math.min(LAST_TIME, Math.max(-LAST_TIME, time))})`;
}

function toNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  throw new InvalidArgumentError("minConfidence", "a finite number", value);
}
