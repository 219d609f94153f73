import { finite, toArray, traceType, xValues } from "../figure/columns.ts";
import type { AxisValue, Trace } from "../figure/spec.ts";
import { element, px } from "./markup.ts";
import type { ColouredTrace, Plot } from "./plot.ts";

/** plotly's own default for the area under a line. */
const FILL_OPACITY = 0.5;

/** A series of a stack as it stands: its values on top of those before it. */
export function stackAreas(traces: readonly ColouredTrace[]): ColouredTrace[] {
  const tops = new Map<string, number[]>();
  return traces.map((series) => {
    const { trace } = series;
    const group = stackOf(trace);
    if (group === undefined) return series;
    const floor = tops.get(group) ?? [];
    const top = toArray(trace.y).map((value, index) => (finite(value) ?? 0) + (floor[index] ?? 0));
    tops.set(group, top);
    const stacked = { ...trace, y: top, mode: trace.mode ?? "lines" };
    return { ...series, trace: stacked, floor: top.map((_, index) => floor[index] ?? 0) };
  });
}

/** Whether the area below a series is filled. */
export function isFilled(trace: Trace): boolean {
  if (traceType(trace) !== "scatter") return false;
  return trace.fill === undefined ? stackOf(trace) !== undefined : trace.fill !== "none";
}

/** Whether a filled series is one that is drawn here: down to zero, to the one before, or stacked. */
export function isKnownFill(trace: Trace): boolean {
  return !isFilled(trace) || ["tozeroy", "tonexty", undefined].includes(trace.fill);
}

/** The areas under lines; those of a stack stand on each other. */
export function drawAreas(plot: Plot): string {
  return plot.traces
    .map((series, index) => (isFilled(series.trace) ? drawArea(plot, series, index) : ""))
    .join("");
}

function drawArea(plot: Plot, series: ColouredTrace, index: number): string {
  const { trace, colour } = series;
  const upper = place(plot, xValues(trace), toArray(trace.y));
  const lower = lowerEdge(plot, series, index).toReversed();
  if (upper.length === 0) return "";
  const corners = [...upper, ...lower].map(([x, y]) => `${px(x)} ${px(y)}`);
  return element("path", {
    class: "area",
    d: `M${corners.join("L")}Z`,
    fill: trace.fillcolor ?? trace.line?.color ?? colour,
    "fill-opacity": trace.fillcolor === undefined ? FILL_OPACITY : undefined,
    opacity: trace.opacity,
  });
}

/** What the area stands on: the stack below, the series before, or zero. */
function lowerEdge(plot: Plot, { trace, floor }: ColouredTrace, index: number): Corner[] {
  const x = xValues(trace);
  if (floor !== undefined) return place(plot, x, floor);
  const before = trace.fill === "tonexty" ? plot.traces[index - 1]?.trace : undefined;
  if (before !== undefined) return place(plot, xValues(before), toArray(before.y));
  // A logarithmic axis has no zero: the area then ends at the foot of the plot.
  const zero = plot.y.at(0) ?? plot.frame.top + plot.frame.height;
  return place(plot, x, toArray(trace.y)).map(([at]) => [at, zero]);
}

type Corner = readonly [x: number, y: number];

/** Corners in px; gaps are passed over. */
function place({ x, y }: Plot, across: AxisValue[], up: readonly AxisValue[]): Corner[] {
  return across.flatMap((value, index) => {
    const [at, height] = [x.at(value), y.at(up[index])];
    return at === undefined || height === undefined ? [] : [[at, height] as const];
  });
}

function stackOf(trace: Trace): string | undefined {
  return traceType(trace) === "scatter" && trace.stackgroup !== "" ? trace.stackgroup : undefined;
}
