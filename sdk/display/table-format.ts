import { inspect } from "node:util";
import { isHtml } from "./html.ts";

const MISSING = "–";
/** Characters of an object within a cell. */
const LONGEST = 300;

/** How one column is written: its alignment, and the text of each value. */
export interface ColumnFormat {
  numeric: boolean;
  write(value: unknown): string;
}

/**
 * Chooses one format for a whole column, so that decimal points stand under each other.
 *
 * @param digits decimals of non-integer columns; without it, four significant digits of the largest
 */
export function columnFormat(values: readonly unknown[], digits?: number): ColumnFormat {
  const present = values.filter((value) => value !== null && value !== undefined);
  const numeric = present.length > 0 && present.every(isNumber);
  if (!numeric) return { numeric, write: writeValue };
  const decimals = digits ?? decimalsFor(present.map(Number));
  const whole = present.every((value) => typeof value === "bigint" || !isFractional(Number(value)));
  const write = (value: unknown): string => writeNumber(value, whole ? 0 : decimals);
  if (digits !== undefined) return { numeric, write };
  return {
    numeric,
    write: (value) => (isTooSmall(value, decimals) ? writeSmall(value) : write(value)),
  };
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint";
}

function isFractional(value: number): boolean {
  return Number.isFinite(value) && !Number.isInteger(value);
}

/** Whether a number would be written as zero and is not: a p-value, say, beside 0.8. */
function isTooSmall(value: unknown, decimals: number): value is number {
  return typeof value === "number" && value !== 0 && Number(value.toFixed(decimals)) === 0;
}

function writeSmall(value: number): string {
  return value.toPrecision(1).replace("-", "−");
}

function decimalsFor(values: readonly number[]): number {
  const sizes = values.filter(Number.isFinite).map(Math.abs);
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  if (largest === 0) return 0;
  return Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(largest)) - (largest < 1 ? 1 : 0)));
}

function writeNumber(value: unknown, decimals: number): string {
  if (value === null || value === undefined) return MISSING;
  if (typeof value === "bigint") return String(value);
  const number = Number(value);
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "∞" : "−∞";
  return number.toFixed(decimals).replace("-", "−");
}

function writeValue(value: unknown): string {
  if (value === null || value === undefined) return MISSING;
  if (isHtml(value)) return value.text;
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" && typeof value !== "function") return String(value);
  const options = { maxArrayLength: 6, depth: 1, breakLength: Number.POSITIVE_INFINITY };
  const text = inspect(value, options);
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}
