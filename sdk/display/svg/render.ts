import { traceType, visibleTraces } from "../figure/columns.ts";
import { numberFormat } from "../figure/number-format.ts";
import type { FigureSpec } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { textLines, titleText } from "../figure/text.ts";
import { escapeMarkup } from "../html.ts";
import { drawAreas, isKnownFill } from "./areas.ts";
import { drawAxes, drawGrid } from "./axes.ts";
import { drawBars } from "./bars.ts";
import { drawLegend } from "./legend.ts";
import { element, px, textElement } from "./markup.ts";
import { drawAnnotations, drawShapes } from "./notes.ts";
import { layOut, type Plot } from "./plot.ts";
import { drawScatters } from "./scatter.ts";
import { isKnownSymbol } from "./symbols.ts";

/** A drawn figure, and what of it this renderer does not know. */
export interface SvgPicture {
  svg: string;
  /** Parts left out, in words; empty for a figure within the subset. */
  notDrawn: string[];
}

/**
 * Draws the part of plotly that this project uses: grouped, stacked and single bars, scatters of
 * markers, lines and texts, filled and stacked areas, error bars, shapes, annotations, linear, logarithmic and category axes.
 *
 * @param spec as `completeSpec` returns it
 * @param description read out by screen readers
 */
export function renderSvg(spec: FigureSpec, description: string): SvgPicture {
  const { width = HOUSE.width, height = HOUSE.height } = spec.layout;
  const plot = layOut(spec, width, height);
  const parts = [
    element("title", {}, escapeMarkup(textLines(titleText(spec.layout.title)).join(" "))),
    element("desc", {}, escapeMarkup(description)),
    element("rect", { width, height, fill: HOUSE.paper }),
    drawTitle(plot),
    drawLegend(plot),
    drawMarks(plot),
    drawAxes(plot),
    drawAnnotations(plot),
  ];
  const root = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: "img",
    "font-family": HOUSE.font,
  };
  return { svg: element("svg", root, parts.join("")), notDrawn: findUnknown(spec) };
}

/** What stands between the axes, cut off at their ends. */
function drawMarks(plot: Plot): string {
  const { left: x, top, width, height } = plot.frame;
  const marks = [
    drawShapes(plot, "below"),
    drawGrid(plot),
    drawAreas(plot),
    drawBars(plot),
    drawScatters(plot),
    drawShapes(plot, "above"),
  ];
  // A px more at top and bottom for lines that run along the edge. An inner svg clips without an
  // id, which would clash between the pictures of one page.
  const box = { x, y: top - 1, width, height: height + 2 };
  const viewBox = [box.x, box.y, box.width, box.height].map(px).join(" ");
  return element("svg", { ...box, viewBox }, marks.join(""));
}

function drawTitle({ spec, frame }: Plot): string {
  const title = titleText(spec.layout.title);
  if (title === "") return "";
  return textElement(title, frame.left, 16, { size: HOUSE.titleSize, fill: HOUSE.ink, bold: true });
}

function findUnknown({ data, layout }: FigureSpec): string[] {
  const unknown = visibleTraces({ data, layout }).flatMap((trace) => {
    const type = traceType(trace);
    if (type !== "bar" && type !== "scatter") return [`series of type ${type}`];
    return [
      ...(trace["orientation"] === "h" ? ["horizontal bars"] : []),
      ...(isKnownFill(trace) ? [] : [`areas filled ${trace.fill}`]),
      ...(trace["xaxis"] !== undefined || trace["yaxis"] !== undefined ? ["further axes"] : []),
      ...(trace.marker?.["showscale"] === true ? ["colour bars"] : []),
      ...(isKnownSymbol(trace.marker?.symbol ?? "circle")
        ? []
        : [`symbol ${trace.marker?.symbol}`]),
    ];
  });
  const shapes = (layout.shapes ?? []).filter(({ type }) => type !== "line" && type !== "rect");
  unknown.push(...shapes.map(({ type }) => `shape of type ${type ?? "rect"}`));
  for (const axis of [layout.xaxis, layout.yaxis]) {
    if (axis?.type === "date") unknown.push("axes of dates");
    const pattern = axis?.tickformat ?? "";
    if (numberFormat(pattern) === undefined) unknown.push(`number format ${pattern}`);
  }
  return [...new Set(unknown)];
}
