import { inkOn, pointColour } from "../figure/colours.ts";
import { finite, toArray, xValues } from "../figure/columns.ts";
import type { Trace } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { textWidth } from "../figure/text.ts";
import { verticalErrorBar } from "./error-bars.ts";
import { barFeet, errorLengths, numericBand } from "./extent.ts";
import { element, textElement } from "./markup.ts";
import { barTraces, type ColouredTrace, type Plot } from "./plot.ts";

/** Where the bars of one series stand within their band, in px from its middle. */
interface Slot {
  offset: number;
  width: number;
}

/** All bars with their values and error bars: side by side, stacked or over each other. */
export function drawBars(plot: Plot): string {
  const bars = barTraces(plot);
  const mode = plot.spec.layout.barmode ?? "group";
  const stacked = mode === "stack" || mode === "relative";
  const feet = barFeet(
    bars.map(({ trace }) => trace),
    stacked,
  );
  const beside = mode === "group" ? bars.length : 1;
  return bars
    .map((series, index) => {
      const slot = slotOf(plot, series.trace, mode === "group" ? index : 0, beside);
      return drawSeries(plot, series, slot, feet[index] ?? []);
    })
    .join("");
}

function slotOf({ spec, x }: Plot, trace: Trace, place: number, beside: number): Slot {
  // Names of plotly's layout that our type leaves open.
  const { bargap = HOUSE.bargap, bargroupgap = HOUSE.bargroupgap } = spec.layout as {
    bargap?: number;
    bargroupgap?: number;
  };
  const unit = spec.layout.xaxis?.type === "category" ? x.unit : x.unit * numericBand(trace);
  const each = (unit * (1 - bargap)) / beside;
  return { offset: (place - (beside - 1) / 2) * each, width: each * (1 - bargroupgap) };
}

function drawSeries(
  plot: Plot,
  { trace, colour }: ColouredTrace,
  slot: Slot,
  feet: number[],
): string {
  const values = toArray(trace.y);
  const parts = xValues(trace).map((place, index) => {
    const value = finite(values[index]);
    const middle = plot.x.at(place);
    if (value === undefined || middle === undefined) return "";
    const foot = feet[index] ?? 0;
    const box = barBox(plot, middle + slot.offset, slot.width, foot, foot + value);
    if (box === undefined) return "";
    const fill = pointColour(trace.marker, index, colour);
    const rect = element("rect", { class: "bar", ...box, fill, opacity: trace.marker?.opacity });
    const error = verticalErrorBar(
      trace.error_y,
      index,
      middle + slot.offset,
      foot + value,
      plot.y,
    );
    return rect + error + barText(plot, trace, index, box, fill, foot + value);
  });
  return element("g", { class: "bars", opacity: trace.opacity }, parts.join(""));
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

function barBox(
  { y, frame }: Plot,
  middle: number,
  width: number,
  foot: number,
  head: number,
): Box | undefined {
  // On a logarithmic axis a bar stands on the edge of the plot: zero is infinitely far below.
  const from = y.at(foot) ?? frame.top + frame.height;
  const to = y.at(head);
  if (to === undefined) return undefined;
  return { x: middle - width / 2, y: Math.min(from, to), width, height: Math.abs(from - to) };
}

function barText(
  plot: Plot,
  trace: Trace,
  index: number,
  box: Box,
  fill: string,
  head: number,
): string {
  const text = typeof trace.text === "string" ? trace.text : (trace.text?.[index] ?? "");
  const position = trace.textposition ?? "auto";
  if (text === "" || position === "none") return "";
  const size = HOUSE.valueSize;
  const fits = box.height >= size + 8 && textWidth(text, size) <= box.width;
  const middle = box.x + box.width / 2;
  if (position === "inside" || (position === "auto" && fits)) {
    if (box.height < size + 4) return "";
    const foot =
      trace["insidetextanchor"] === "middle"
        ? box.y + (box.height + size) / 2
        : box.y + box.height - 5;
    const y = trace["insidetextanchor"] === undefined ? box.y + size + 5 : foot;
    return textElement(text, middle, y, {
      size,
      fill: inkOn(fill),
      anchor: "middle",
      align: "bottom",
    });
  }
  const [, up] = errorLengths(trace.error_y, index);
  const top = plot.y.at(head + up) ?? box.y;
  return textElement(text, middle, Math.min(top, box.y) - 5, {
    size,
    fill: HOUSE.ink,
    anchor: "middle",
    align: "bottom",
  });
}
