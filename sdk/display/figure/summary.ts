import { finite, toArray, traceType, visibleTraces, xValues } from "./columns.ts";
import type { FigureSpec, Trace } from "./spec.ts";
import { textLines, titleText } from "./text.ts";

const MOST_VALUES = 16;

/** A figure in words, for terminals, screen readers and `text/plain`: title, series, values. */
export function summarize(spec: FigureSpec): string {
  const title = textLines(titleText(spec.layout.title)).join(" ");
  const head = title === "" ? "Figure" : `Figure: ${title}`;
  const series = visibleTraces(spec).map((trace, index) => {
    const name = trace.name ?? `series ${index + 1}`;
    return `  ${name} (${traceType(trace)}, ${xValues(trace).length} points)${listValues(trace)}`;
  });
  return [head, ...series].join("\n");
}

function listValues(trace: Trace): string {
  const values = toArray(trace.y);
  if (traceType(trace) !== "bar" || values.length > MOST_VALUES) return "";
  const errors = toArray(trace.error_y?.array);
  const written = xValues(trace).map((x, index) => {
    const value = finite(values[index]);
    const error = finite(errors[index]);
    if (value === undefined) return `${x} –`;
    return `${x} ${short(value)}${error === undefined ? "" : ` ± ${short(error)}`}`;
  });
  return `: ${written.join(", ")}`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
