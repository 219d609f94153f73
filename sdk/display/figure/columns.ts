import type { AxisValue, FigureSpec, Trace } from "./spec.ts";

/** Any array, a typed one too, as a plain array. */
export function toArray<T>(column: ArrayLike<T> | undefined): T[] {
  return column === undefined ? [] : Array.from(column);
}

/** A finite number, or undefined for gaps, names and NaN. */
export function finite(value: AxisValue): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

/** Where the points of a series stand: its own x, or 0, 1, 2 …, as plotly counts. */
export function xValues(trace: Trace): AxisValue[] {
  return trace.x === undefined ? toArray(trace.y).map((_, index) => index) : toArray(trace.x);
}

/** The series that are drawn. */
export function visibleTraces(spec: FigureSpec): Trace[] {
  return spec.data.filter((trace) => trace.visible !== false && trace.visible !== "legendonly");
}

/** What a series is drawn as; plotly's default is a scatter. */
export function traceType(trace: Trace): string {
  return trace.type ?? "scatter";
}

/** How a scatter is drawn; plotly joins long series by lines only. */
export function scatterMode(trace: Trace): string {
  return trace.mode ?? (toArray(trace.y).length < 20 ? "lines+markers" : "lines");
}

/** A deep copy in plain JSON: typed arrays become arrays, NaN and infinities become gaps. */
export function toPlainJson(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Float32Array) return Array.from(value, toSingle);
  // Every typed array is one; a DataView, which has no length, becomes an empty array.
  if (ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<unknown>, toPlainJson);
  if (Array.isArray(value)) return value.map(toPlainJson);
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  const entries = Object.entries(value).filter(([, content]) => content !== undefined);
  return Object.fromEntries(entries.map(([key, content]) => [key, toPlainJson(content)]));
}

/** Seven digits hold all that single precision knows, in half the JSON. */
function toSingle(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(7)) : null;
}
