import { toArray } from "../figure/columns.ts";
import type { Axis, AxisValue } from "../figure/spec.ts";
import { linearTicks, logTicks, type Tick } from "../figure/ticks.ts";

/** Smallest and largest value that an axis must show. */
export interface Extent {
  low: number;
  high: number;
}

/** Maps the values of one axis onto px, and knows its ticks. */
export interface Scale {
  /** px of a value along the axis; undefined for what the axis cannot show (a gap, log of 0). */
  at(value: AxisValue): number | undefined;
  ticks: Tick[];
  /** px of one unit: of one category, or of 1 on a linear axis. */
  unit: number;
}

/** Where an axis runs, in px: `from` its low end, `to` its high end. */
export interface Span {
  from: number;
  to: number;
}

/** The names on an axis of categories, in the order of first sight. */
export type Categories = readonly string[] | undefined;

/** Builds the scale of an axis over its range, or over what the series need. */
export function makeScale(
  axis: Axis,
  categories: Categories,
  extent: Extent,
  span: Span,
  spacing: number,
): Scale {
  if (categories !== undefined) return categoryScale(axis, categories, span);
  const [low, high] = domain(axis, extent);
  const count = Math.abs(span.to - span.from) / spacing;
  const length = span.to - span.from;
  if (axis.type === "log") {
    const at = (value: AxisValue): number | undefined =>
      typeof value === "number" && value > 0
        ? span.from + (Math.log(value / low) / Math.log(high / low)) * length
        : undefined;
    return {
      at,
      ticks: axisTicks(axis, low, high, logTicks(low, high, axis.tickformat)),
      unit: Number.NaN,
    };
  }
  const at = (value: AxisValue): number | undefined =>
    typeof value === "number" && Number.isFinite(value)
      ? span.from + ((value - low) / (high - low)) * length
      : undefined;
  const ticks = axisTicks(
    axis,
    low,
    high,
    linearTicks(Math.min(low, high), Math.max(low, high), count, axis.tickformat),
  );
  return { at, ticks, unit: Math.abs(length / (high - low)) };
}

function categoryScale(axis: Axis, categories: readonly string[], span: Span): Scale {
  const unit = (span.to - span.from) / Math.max(1, categories.length);
  const at = (value: AxisValue): number | undefined => {
    // A number that names no category is a place: 0 the first, −0.5 the left edge, as in plotly.
    const named = categories.indexOf(String(value));
    const place = named >= 0 ? named : value;
    return typeof place === "number" ? span.from + (place + 0.5) * unit : undefined;
  };
  const labels = toArray(axis.ticktext);
  const vals = toArray(axis.tickvals).map(String);
  const ticks = categories.map((name, value) => ({
    value,
    label: labels[vals.indexOf(name)] ?? name,
  }));
  return { at, ticks, unit: Math.abs(unit) };
}

/** The range of plotly: as it is for a linear axis, exponents of ten for a logarithmic one. */
function domain(axis: Axis, extent: Extent): [number, number] {
  const [from, to] = axis.range ?? [];
  const log = axis.type === "log";
  if (from !== undefined && to !== undefined && from !== to)
    return log ? [10 ** from, 10 ** to] : [from, to];
  if (!Number.isFinite(extent.low) || !Number.isFinite(extent.high)) return log ? [1, 10] : [0, 1];
  if (extent.low === extent.high)
    return log ? [extent.low / 2, extent.high * 2] : widen(extent.low);
  return [extent.low, extent.high];
}

function widen(value: number): [number, number] {
  const half = value === 0 ? 1 : Math.abs(value) / 2;
  return [value - half, value + half];
}

function axisTicks(axis: Axis, low: number, high: number, automatic: Tick[]): Tick[] {
  if (axis.tickvals === undefined) return automatic;
  const labels = toArray(axis.ticktext);
  return toArray(axis.tickvals)
    .map((value, index) => ({ value: Number(value), label: labels[index] ?? String(value) }))
    .filter(({ value }) => value >= Math.min(low, high) && value <= Math.max(low, high));
}
