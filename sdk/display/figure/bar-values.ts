import { inkOn, traceColour } from "./colours.ts";
import { finite, toArray, traceType, visibleTraces, xValues } from "./columns.ts";
import { type NumberFormat, numberFormat, tickFormat } from "./number-format.ts";
import type { FigureSpec, Trace } from "./spec.ts";
import { HOUSE, SIDES } from "./template.ts";
import { textWidth } from "./text.ts";

// Below this a bar has no room for its value.
const NARROWEST_PX = 24;

/**
 * Writes the values into wide bars, at the foot, where no error bar crosses them. A series that
 * brings its own `text` keeps it.
 */
export function withBarValues(trace: Trace, spec: FigureSpec, width: number): Trace {
  if (traceType(trace) !== "bar" || trace["orientation"] === "h") return trace;
  if (trace.text !== undefined || trace.textposition === "none") return trace;
  const bars = visibleTraces(spec).filter((each) => traceType(each) === "bar");
  const beside = (spec.layout.barmode ?? "group") === "group" ? bars.length : 1;
  const positions = Math.max(1, ...bars.map((each) => xValues(each).length));
  const room = ((width - SIDES) / positions / beside) * (1 - HOUSE.bargap);
  const values = toArray(trace.y).map(finite);
  const format = valueFormat(values, spec.layout.yaxis?.tickformat);
  const text = values.map((value) => (value === undefined ? "" : format(value)));
  const widest = Math.max(0, ...text.map((label) => textWidth(label, HOUSE.valueSize)));
  if (room < NARROWEST_PX || widest > room) return trace;
  const insidetextanchor = beside === bars.length ? "start" : "middle";
  const insidetextfont = { color: inkOn(traceColour(trace, spec.data.indexOf(trace))) };
  const style = { textposition: "inside", insidetextanchor, insidetextfont, textangle: 0 };
  return { ...style, ...trace, text };
}

function valueFormat(
  values: readonly (number | undefined)[],
  pattern: string | undefined,
): NumberFormat {
  const given = pattern === undefined || pattern === "" ? undefined : numberFormat(pattern);
  if (given !== undefined) return given;
  const present = values.filter((value) => value !== undefined);
  const largest = Math.max(0, ...present.map(Math.abs));
  if (present.every(Number.isInteger)) return tickFormat(1, largest);
  return tickFormat(largest < 10 ? 0.01 : largest < 100 ? 0.1 : 1, largest);
}
