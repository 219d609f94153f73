import { finite, toArray, traceType, xValues } from "../figure/columns.ts";
import type { Axis, AxisValue, ErrorBars, Trace } from "../figure/spec.ts";
import { isFilled } from "./areas.ts";
import type { Extent } from "./scale.ts";

/** Downward and upward length of the error bar of one point; 0 where there is none. */
export function errorLengths(error: ErrorBars | undefined, index: number): [number, number] {
  if (error === undefined || error.visible === false) return [0, 0];
  const up = finite(error.array?.[index]) ?? 0;
  const separate = error.arrayminus !== undefined && error.symmetric !== true;
  return [separate ? (finite(error.arrayminus?.[index]) ?? 0) : up, up];
}

/** Feet of stacked bars: for each series, the height that it stands on at each point. */
export function barFeet(bars: readonly Trace[], stacked: boolean): number[][] {
  const heights = new Map<string, number>();
  return bars.map((trace) => {
    const values = toArray(trace.y);
    return xValues(trace).map((x, index) => {
      const value = finite(values[index]) ?? 0;
      // Negative bars hang from zero and do not shorten the positive ones.
      const key = `${value < 0 ? "-" : "+"}${String(x)}`;
      const foot = stacked ? (heights.get(key) ?? 0) : 0;
      heights.set(key, foot + value);
      return foot;
    });
  });
}

/** What the y axis must show: every point with its error bar, and zero where bars or areas stand. */
export function yExtent(traces: readonly Trace[], stacked: boolean, axis: Axis): Extent {
  const bars = traces.filter((trace) => traceType(trace) === "bar");
  const feet = barFeet(bars, stacked);
  const values = traces.flatMap((trace) => {
    const foot = feet[bars.indexOf(trace)];
    return reach(toArray(trace.y), trace.error_y, foot ?? []);
  });
  const standing = bars.length > 0 || traces.some((trace) => isFilled(trace));
  return pad(standing ? [0, ...values] : values, axis, standing);
}

/** What the x axis must show: every point with its error bar, and whole bars. */
export function xExtent(traces: readonly Trace[], axis: Axis): Extent {
  const values = traces.flatMap((trace) => {
    const half = traceType(trace) === "bar" ? numericBand(trace) / 2 : 0;
    return reach(xValues(trace), trace.error_x, []).flatMap((value) => [
      value - half,
      value + half,
    ]);
  });
  // Lines run from edge to edge of the plot; only points and bars need air.
  const lines = traces.every((trace) => trace.mode === "lines");
  return lines ? span(positive(values, axis)) : pad(values, axis, false);
}

/** Distance between neighbouring bars on an axis of numbers. */
export function numericBand(trace: Trace): number {
  const places = [...new Set(xValues(trace).map(finite))].filter((x) => x !== undefined);
  places.sort((a, b) => a - b);
  const gaps = places.slice(1).map((x, index) => x - (places[index] ?? x));
  return gaps.length === 0 ? 1 : Math.min(...gaps);
}

function reach(values: AxisValue[], error: ErrorBars | undefined, feet: number[]): number[] {
  return values.flatMap((value, index) => {
    const number = finite(value);
    if (number === undefined) return [];
    const [down, up] = errorLengths(error, index);
    const top = number + (feet[index] ?? 0);
    return [top - down, top + up];
  });
}

function positive(values: number[], axis: Axis): number[] {
  return axis.type === "log" ? values.filter((value) => value > 0) : values;
}

function span(values: readonly number[]): Extent {
  const low = values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  return { low, high };
}

/** Five percent of air at each end; none under the foot of bars. */
function pad(values: number[], axis: Axis, fromZero: boolean): Extent {
  const { low, high } = span(positive(values, axis));
  if (axis.type === "log") {
    const air = (high / low) ** 0.05;
    return { low: low / air, high: high * air };
  }
  const air = (high - low) * 0.05;
  const rests = fromZero || axis["rangemode"] === "tozero";
  return {
    low: rests && low >= 0 ? 0 : low - air,
    high: rests && high <= 0 ? 0 : high + air,
  };
}
