import { traceColour } from "../figure/colours.ts";
import { toArray, traceType, visibleTraces, xValues } from "../figure/columns.ts";
import type { AxisValue, FigureSpec, Trace } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { LINE_HEIGHT, textLines, textWidth, titleText } from "../figure/text.ts";
import { stackAreas } from "./areas.ts";
import { xExtent, yExtent } from "./extent.ts";
import { type Categories, makeScale, type Scale } from "./scale.ts";

/** The rectangle between the axes, in px of the picture. */
export interface Frame {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A series with the colour it has in the picture. */
export interface ColouredTrace {
  trace: Trace;
  colour: string;
  /** Of a stacked area: the heights that it stands on, at each point. */
  floor?: number[];
}

/** Everything that the parts of a picture are drawn from. */
export interface Plot {
  spec: FigureSpec;
  size: { width: number; height: number };
  frame: Frame;
  traces: ColouredTrace[];
  x: Scale;
  y: Scale;
}

export const TICK_LENGTH = 4;
export const TICK_GAP = 5;
export const TITLE_GAP = 12;

const X_SPACING = 80;
const Y_SPACING = 48;

/** Lays a completed figure out: the frame leaves room for what stands around it. */
export function layOut(spec: FigureSpec, width: number, height: number): Plot {
  const colorway = spec.layout["colorway"] as string[] | undefined;
  const drawn = visibleTraces(spec)
    .filter(({ type = "scatter" }) => type === "bar" || type === "scatter")
    .map((trace) => ({ trace, colour: traceColour(trace, spec.data.indexOf(trace), colorway) }));
  const traces = stackAreas(drawn);
  // plotly's name and shape; a layout of the house template always has numbers here.
  const margin = (spec.layout["margin"] ?? {}) as {
    t?: number;
    r?: number;
    b?: number;
    l?: number;
  };
  const top = margin.t ?? 60;
  const right = margin.r ?? 24;
  // Ticks depend on the length of their axis and its room on their labels: y first, then x.
  const rough = { top, bottom: height - (margin.b ?? 50) };
  const left = Math.max(leftRoom(spec, traces, rough), rightless(margin.l));
  const x = xScale(spec, traces, left, width - right);
  const bottom = height - bottomRoom(spec, x);
  const y = yScale(spec, traces, bottom, top);
  const frame = { left, top, width: width - right - left, height: bottom - top };
  return { spec, size: { width, height }, frame, traces, x, y };
}

function rightless(margin: number | undefined): number {
  return Math.min(margin ?? 0, 48);
}

function leftRoom(
  spec: FigureSpec,
  traces: ColouredTrace[],
  rough: { top: number; bottom: number },
): number {
  const { ticks } = yScale(spec, traces, rough.bottom, rough.top);
  const widths = ticks.map(({ label }) =>
    Math.max(...textLines(label).map((line) => textWidth(line, HOUSE.tickSize))),
  );
  const title = titleText(spec.layout.yaxis?.title) === "" ? 0 : HOUSE.fontSize + TITLE_GAP;
  return Math.ceil(Math.max(0, ...widths) + TICK_GAP + title + 14);
}

/** Height in px of the tick labels under the x axis, turned or not. */
export function labelHeight(spec: FigureSpec, x: Scale): number {
  const angle = ((spec.layout.xaxis?.tickangle ?? 0) * Math.PI) / 180;
  const heights = x.ticks.map(({ label }) => {
    const lines = textLines(label);
    const width = Math.max(...lines.map((line) => textWidth(line, HOUSE.tickSize)));
    const height = lines.length * HOUSE.tickSize * LINE_HEIGHT;
    return width * Math.abs(Math.sin(angle)) + height * Math.cos(angle);
  });
  return Math.max(HOUSE.tickSize * LINE_HEIGHT, ...heights);
}

function bottomRoom(spec: FigureSpec, x: Scale): number {
  const labels = labelHeight(spec, x);
  const title = titleText(spec.layout.xaxis?.title);
  const titled =
    title === "" ? 0 : TITLE_GAP + textLines(title).length * HOUSE.fontSize * LINE_HEIGHT;
  return Math.ceil(TICK_LENGTH + TICK_GAP + labels + titled + 12);
}

function xScale(spec: FigureSpec, traces: ColouredTrace[], from: number, to: number): Scale {
  const axis = spec.layout.xaxis ?? {};
  const series = traces.map(({ trace }) => trace);
  const categories = categoriesOf(axis.type, series.flatMap(xValues));
  return makeScale(axis, categories, xExtent(series, axis), { from, to }, X_SPACING);
}

function yScale(spec: FigureSpec, traces: ColouredTrace[], from: number, to: number): Scale {
  const axis = spec.layout.yaxis ?? {};
  const series = traces.map(({ trace }) => trace);
  const categories = categoriesOf(
    axis.type,
    series.flatMap(({ y }) => toArray(y)),
  );
  const stacked = spec.layout.barmode === "stack" || spec.layout.barmode === "relative";
  return makeScale(axis, categories, yExtent(series, stacked, axis), { from, to }, Y_SPACING);
}

function categoriesOf(type: string | undefined, values: AxisValue[]): Categories {
  if (type !== "category") return undefined;
  return [...new Set(values.filter((value) => value !== null && value !== undefined).map(String))];
}

/** The bars among the series, in order. */
export function barTraces(plot: Plot): ColouredTrace[] {
  return plot.traces.filter(({ trace }) => traceType(trace) === "bar");
}
