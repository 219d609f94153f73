import { scatterMode, traceType } from "../figure/columns.ts";
import { HOUSE } from "../figure/template.ts";
import { textWidth } from "../figure/text.ts";
import { isFilled } from "./areas.ts";
import { element, textElement } from "./markup.ts";
import type { ColouredTrace, Plot } from "./plot.ts";
import { dashArray } from "./scatter.ts";
import { symbolElement } from "./symbols.ts";

const GAP = 18;
const ROW = 20;

/** The keys of the series in one row over the plot, broken into more where they do not fit. */
export function drawLegend(plot: Plot): string {
  if (plot.spec.layout.showlegend !== true) return "";
  const named = plot.traces.filter(({ trace }) => trace.showlegend !== false);
  const rows: { series: ColouredTrace; x: number }[][] = [[]];
  let x = 0;
  for (const series of named) {
    const width = keyWidth(series) + textWidth(series.trace.name ?? "", HOUSE.fontSize) + GAP;
    if (x > 0 && x + width - GAP > plot.frame.width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)?.push({ series, x });
    x += width;
  }
  const bottom = plot.frame.top - 18;
  const items = rows.flatMap((row, index) => {
    const middle = bottom - (rows.length - 1 - index) * ROW;
    return row.map(({ series, x: left }) => drawItem(series, plot.frame.left + left, middle));
  });
  return element("g", { class: "legend" }, items.join(""));
}

/** px from the left of a key to its text: a box, a lone marker, or a piece of line. */
function keyWidth({ trace }: ColouredTrace): number {
  if (isFilled(trace)) return 20;
  return traceType(trace) === "scatter" && scatterMode(trace).includes("lines") ? 36 : 20;
}

function drawItem(series: ColouredTrace, x: number, middle: number): string {
  const { trace, colour } = series;
  const key = keyWidth(series);
  const style = { size: HOUSE.fontSize, fill: HOUSE.ink, align: "middle" } as const;
  const label = textElement(trace.name ?? "", x + key, middle, style);
  if (traceType(trace) === "bar") {
    return element("rect", { x, y: middle - 6, width: 14, height: 12, fill: colour }) + label;
  }
  if (isFilled(trace)) {
    const fill = trace.fillcolor ?? trace.line?.color ?? colour;
    return element("rect", { x, y: middle - 6, width: 14, height: 12, fill }) + label;
  }
  const mode = scatterMode(trace);
  const line = element("line", {
    x1: x,
    x2: x + key - 7,
    y1: middle,
    y2: middle,
    stroke: trace.line?.color ?? colour,
    "stroke-width": trace.line?.width ?? HOUSE.lineWidth,
    "stroke-dasharray": dashArray(trace.line?.dash),
  });
  const centre = x + (key - 7) / 2;
  const marker = symbolElement(centre, middle, HOUSE.markerSize, colour, trace.marker ?? {});
  return (mode.includes("lines") ? line : "") + (mode.includes("markers") ? marker : "") + label;
}
