/**
 * Criteria as the SQL that LanceDB filters with.
 *
 * Values stand in it as literals with doubled quotes, the one character that has a meaning there
 * (no backslash escapes, no wildcards: only `=`, `IN` and list functions are used).
 */
import { InvalidArgumentError } from "../../errors.ts";
import type { LabelCriteria, PatternCriteria, SearchOptions } from "./types.ts";

/** @returns undefined where every pattern matches */
export function toFilter(
  criteria: PatternCriteria = {},
  exclude: Pick<SearchOptions, "exclude" | "excludeLabels"> = {},
): string | undefined {
  const { ids, source, labels, since, until, minConfidence } = criteria;
  const conditions = [
    ...(ids === undefined ? [] : [isOneOf("id", ids)]),
    ...(source === undefined ? [] : [isOneOf("source", toList(source))]),
    ...labelConditions(labels),
    ...(since === undefined ? [] : [`timestamp >= ${toTime("since", since)}`]),
    ...(until === undefined ? [] : [`timestamp < ${toTime("until", until)}`]),
    ...(minConfidence === undefined ? [] : [`confidence >= ${toNumber(minConfidence)}`]),
    ...(exclude.exclude?.length ? [`NOT ${isOneOf("id", exclude.exclude)}`] : []),
    ...labelConditions(exclude.excludeLabels).map((condition) => `NOT ${condition}`),
  ];
  return conditions.length === 0 ? undefined : conditions.join(" AND ");
}

/** A label as its text in the store. */
export function toLabelText(key: string, value: string): string {
  return `${key}=${value}`;
}

function labelConditions(labels: LabelCriteria = {}): string[] {
  return Object.entries(labels).map(([key, values]) => {
    const texts = toList(values).map((value) => quote(toLabelText(key, value)));
    return texts.length === 0 ? "false" : `array_has_any(labels, [${texts.join(", ")}])`;
  });
}

function isOneOf(column: string, values: readonly string[]): string {
  return values.length === 0 ? "false" : `${column} IN (${values.map(quote).join(", ")})`;
}

function toList(values: string | readonly string[]): readonly string[] {
  return typeof values === "string" ? [values] : values;
}

function quote(text: string): string {
  if (typeof text !== "string") throw new InvalidArgumentError("criteria", "made of texts", text);
  return `'${text.replaceAll("'", "''")}'`;
}

function toTime(field: string, date: Date): string {
  const time = date instanceof Date ? date.getTime() : Number.NaN;
  if (!Number.isFinite(time)) throw new InvalidArgumentError(field, "a valid Date", date);
  return `to_timestamp_millis(${time})`;
}

function toNumber(value: number): string {
  if (Number.isFinite(value)) return String(value);
  throw new InvalidArgumentError("minConfidence", "a finite number", value);
}
