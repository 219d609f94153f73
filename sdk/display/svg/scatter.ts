import { pointColour } from "../figure/colours.ts";
import { finite, scatterMode, toArray, traceType, xValues } from "../figure/columns.ts";
import type { Trace } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { horizontalErrorBar, verticalErrorBar } from "./error-bars.ts";
import { element, px, textElement } from "./markup.ts";
import type { ColouredTrace, Plot } from "./plot.ts";
import { symbolElement } from "./symbols.ts";

interface Point {
  index: number;
  x: number;
  y: number;
}

const DASHES: Record<string, string> = {
  dot: "1.5 3",
  dash: "7 4",
  longdash: "12 5",
  dashdot: "7 3 1.5 3",
};

/** The dash pattern of SVG for a name of plotly; undefined for a full line. */
export function dashArray(name: string | undefined): string | undefined {
  return name === undefined ? undefined : DASHES[name];
}

/** All scatters: lines first, then error bars, markers and texts. */
export function drawScatters(plot: Plot): string {
  return plot.traces
    .filter(({ trace }) => traceType(trace) === "scatter")
    .map((series) => drawSeries(plot, series))
    .join("");
}

function drawSeries(plot: Plot, { trace, colour }: ColouredTrace): string {
  const mode = scatterMode(trace);
  const points = placePoints(plot, trace);
  const parts = [
    mode.includes("lines") ? drawLine(points, trace, colour) : "",
    ...points.map((point) => drawErrors(plot, trace, point, colour)),
    ...(mode.includes("markers") ? points.map((point) => drawMarker(trace, point, colour)) : []),
    ...(mode.includes("text") ? points.map((point) => drawText(trace, point, mode)) : []),
  ];
  return element("g", { class: "scatter", opacity: trace.opacity }, parts.join(""));
}

/** Points in px, with an undefined where the series has a gap. */
function placePoints({ x, y }: Plot, trace: Trace): Point[] {
  const values = toArray(trace.y);
  return xValues(trace).map((place, index) => ({
    index,
    x: x.at(place) ?? Number.NaN,
    y: y.at(values[index]) ?? Number.NaN,
  }));
}

function isPlaced({ x, y }: Point): boolean {
  return Number.isFinite(x) && Number.isFinite(y);
}

function drawLine(points: Point[], trace: Trace, colour: string): string {
  let pen = "M";
  const path = points.map((point) => {
    if (!isPlaced(point)) {
      pen = "M";
      return "";
    }
    const step = `${pen}${px(point.x)} ${px(point.y)}`;
    pen = "L";
    return step;
  });
  return element("path", {
    class: "line",
    d: path.join(""),
    fill: "none",
    stroke: trace.line?.color ?? colour,
    "stroke-width": trace.line?.width ?? HOUSE.lineWidth,
    "stroke-dasharray": dashArray(trace.line?.dash),
    "stroke-linejoin": "round",
  });
}

function drawErrors({ x, y }: Plot, trace: Trace, point: Point, colour: string): string {
  if (!isPlaced(point)) return "";
  const across = finite(xValues(trace)[point.index]);
  const up = finite(trace.y?.[point.index]);
  const coloured = { color: colour };
  const vertical =
    trace.error_y && up !== undefined
      ? verticalErrorBar({ ...coloured, ...trace.error_y }, point.index, point.x, up, y)
      : "";
  const horizontal =
    trace.error_x && across !== undefined
      ? horizontalErrorBar({ ...coloured, ...trace.error_x }, point.index, point.y, across, x)
      : "";
  return vertical + horizontal;
}

function drawMarker(trace: Trace, point: Point, colour: string): string {
  if (!isPlaced(point)) return "";
  const marker = trace.marker ?? {};
  const size = typeof marker.size === "number" ? marker.size : marker.size?.[point.index];
  const fill = pointColour(marker, point.index, colour);
  return symbolElement(point.x, point.y, size ?? HOUSE.markerSize, fill, marker);
}

function drawText(trace: Trace, point: Point, mode: string): string {
  const text = typeof trace.text === "string" ? trace.text : (trace.text?.[point.index] ?? "");
  if (text === "" || !isPlaced(point)) return "";
  const [vertical = "middle", horizontal = "center"] = (
    trace.textposition ?? "middle center"
  ).split(" ");
  const gap = mode.includes("markers") ? 6 : 1;
  const dy = vertical === "top" ? -gap : vertical === "bottom" ? gap : 0;
  const dx = horizontal === "right" ? gap : horizontal === "left" ? -gap : 0;
  const aligns = { top: "bottom", bottom: "top", middle: "middle" } as const;
  const anchors = { right: "start", left: "end", center: "middle" } as const;
  return textElement(text, point.x + dx, point.y + dy, {
    size: HOUSE.tickSize,
    fill: HOUSE.ink,
    anchor: anchors[horizontal as keyof typeof anchors] ?? "middle",
    align: aligns[vertical as keyof typeof aligns] ?? "middle",
  });
}
