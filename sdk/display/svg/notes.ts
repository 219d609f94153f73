import type { Annotation, Shape } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { element, textElement } from "./markup.ts";
import type { Plot } from "./plot.ts";
import { dashArray } from "./scatter.ts";

type Place = number | string | undefined;

/** Lines and rectangles of `layout.shapes`, those under or those over the series. */
export function drawShapes(plot: Plot, layer: "below" | "above"): string {
  const shapes = (plot.spec.layout.shapes ?? []).filter(
    (shape) => (shape.layer ?? "above") === layer,
  );
  return element("g", { class: "shapes" }, shapes.map((shape) => drawShape(plot, shape)).join(""));
}

function drawShape(plot: Plot, shape: Shape): string {
  const [x0, x1] = [placeX(plot, shape.x0, shape.xref), placeX(plot, shape.x1, shape.xref)];
  const [y0, y1] = [placeY(plot, shape.y0, shape.yref), placeY(plot, shape.y1, shape.yref)];
  const style = {
    stroke: shape.line?.color ?? HOUSE.soft,
    "stroke-width": shape.line?.width ?? HOUSE.shapeWidth,
    "stroke-dasharray": dashArray(shape.line?.dash),
    opacity: shape.opacity,
  };
  if (shape.type === "line")
    return element("line", { class: "shape", x1: x0, x2: x1, y1: y0, y2: y1, ...style });
  if (shape.type !== "rect") return "";
  const box = {
    x: Math.min(x0, x1),
    y: Math.min(y0, y1),
    width: Math.abs(x1 - x0),
    height: Math.abs(y1 - y0),
  };
  return element("rect", { class: "shape", ...box, fill: shape.fillcolor ?? "none", ...style });
}

/** The texts of `layout.annotations`, with a thin leader where an arrow is asked for. */
export function drawAnnotations(plot: Plot): string {
  const drawn = (plot.spec.layout.annotations ?? []).map((note) => drawAnnotation(plot, note));
  return element("g", { class: "annotations" }, drawn.join(""));
}

function drawAnnotation(plot: Plot, note: Annotation): string {
  const x = placeX(plot, note.x, note.xref) + (note.xshift ?? 0);
  const y = placeY(plot, note.y, note.yref) - (note.yshift ?? 0);
  const arrow = note.showarrow !== false;
  const [textX, textY] = arrow ? [x + (note.ax ?? -10), y + (note.ay ?? -30)] : [x, y];
  const stroke = { stroke: HOUSE.soft, "stroke-width": 1 };
  const leader = arrow ? element("line", { x1: x, y1: y, x2: textX, y2: textY, ...stroke }) : "";
  const align = arrow ? (textY > y ? "top" : "bottom") : anchorY(note.yanchor, note.yref, note.y);
  // Letters reach below the line they stand on; keep them off the point or line they speak of.
  const gap = { top: 3, middle: 0, bottom: -4 }[align];
  const text = textElement(note.text ?? "", textX, textY + gap, {
    size: note.font?.size ?? HOUSE.tickSize,
    fill: note.font?.color ?? HOUSE.soft,
    anchor: anchorX(note.xanchor, note.xref, note.x, arrow),
    align,
  });
  return leader + text;
}

function anchorX(
  anchor: string | undefined,
  ref: string | undefined,
  x: Place,
  arrow: boolean,
): "start" | "middle" | "end" {
  if (anchor === "left") return "start";
  if (anchor === "right") return "end";
  if (anchor === "center" || ref !== "paper" || arrow) return "middle";
  // plotly's "auto": a text at an edge of the paper grows inwards.
  return Number(x) < 1 / 3 ? "start" : Number(x) > 2 / 3 ? "end" : "middle";
}

function anchorY(
  anchor: string | undefined,
  ref: string | undefined,
  y: Place,
): "top" | "middle" | "bottom" {
  if (anchor === "top" || anchor === "middle" || anchor === "bottom") return anchor;
  if (ref !== "paper") return "middle";
  return Number(y) < 1 / 3 ? "bottom" : Number(y) > 2 / 3 ? "top" : "middle";
}

/** px of a place in data, or in parts of the frame when the reference is the paper or the domain. */
function placeX({ frame, x }: Plot, value: Place, ref: string | undefined): number {
  if (isFraction(ref)) return frame.left + Number(value) * frame.width;
  return x.at(value) ?? frame.left;
}

function placeY({ frame, y }: Plot, value: Place, ref: string | undefined): number {
  if (isFraction(ref)) return frame.top + (1 - Number(value)) * frame.height;
  return y.at(value) ?? frame.top + frame.height;
}

function isFraction(ref: string | undefined): boolean {
  return ref === "paper" || (ref ?? "").endsWith("domain");
}
