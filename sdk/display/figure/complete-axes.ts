import { finite, toArray, traceType, visibleTraces, xValues } from "./columns.ts";
import type { Axis, AxisValue, FigureSpec } from "./spec.ts";
import { HOUSE, SIDES } from "./template.ts";
import { textWidth, titleText, wrapText } from "./text.ts";
import { logTicks } from "./ticks.ts";

/** Degrees by which names are turned that do not fit beside each other. */
const TURNED = -35;

/** The x axis: names in lines that fit between their neighbours, a grid where points are read. */
export function completeX(given: Axis, spec: FigureSpec, width: number): Axis {
  const values = visibleTraces(spec).flatMap(xValues);
  const axis = completeAxis(given, values);
  if (axis.type !== "category") {
    const bars = visibleTraces(spec).some((trace) => traceType(trace) === "bar");
    return { showgrid: !bars, ...axis };
  }
  const names = [...new Set(values.filter(isGiven).map(String))];
  const band = ((width - SIDES) / Math.max(1, names.length)) * 0.94;
  const lines = names.map((name) => wrapText(name, band, HOUSE.tickSize));
  const widest = Math.max(0, ...lines.flat().map((line) => textWidth(line, HOUSE.tickSize)));
  const turned = { ticktext: names, tickangle: TURNED };
  const upright = { ticktext: lines.map((line) => line.join("<br>")), tickangle: 0 };
  // Half a place at each end, also for points, which plotly would otherwise put on the edges.
  const range = [-0.5, Math.max(1, names.length) - 0.5];
  return { tickvals: names, range, ...(widest > band ? turned : upright), ...axis };
}

/** The y axis. */
export function completeY(given: Axis, spec: FigureSpec): Axis {
  return completeAxis(
    given,
    visibleTraces(spec).flatMap(({ y }) => toArray(y)),
  );
}

function completeAxis(given: Axis, values: readonly AxisValue[]): Axis {
  const names = values.some((value) => typeof value === "string");
  const own = typeof given.title === "object" ? given.title : {};
  // plotly.js no longer takes a bare string for a title and would drop it without a word.
  const title =
    given.title === undefined ? {} : { title: { ...own, text: titleText(given.title) } };
  const type = given.type === undefined && names ? { type: "category" } : {};
  return { ...(given.type === "log" ? logAxis(given, values) : {}), ...given, ...type, ...title };
}

/** Ticks of a logarithmic axis; plotly's own would crowd it with the digits 2 to 9. */
function logAxis(given: Axis, values: readonly AxisValue[]): Axis {
  if (given.tickvals !== undefined || given["dtick"] !== undefined) return {};
  const positive = values
    .map(finite)
    .filter((value) => value !== undefined && value > 0) as number[];
  if (positive.length === 0) return {};
  const low = positive.reduce((least, value) => Math.min(least, value));
  const high = positive.reduce((most, value) => Math.max(most, value));
  if (high / low >= 100) return { dtick: 1 };
  // One step of the ticks beyond the data, for error bars and the air at the ends.
  return { tickvals: logTicks(low / 2, high * 2, "").map(({ value }) => value) };
}

function isGiven(value: AxisValue): boolean {
  return value !== null && value !== undefined;
}
