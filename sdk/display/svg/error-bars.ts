import type { AxisValue, ErrorBars } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { errorLengths } from "./extent.ts";
import { element, px } from "./markup.ts";
import type { Scale } from "./scale.ts";

/** A vertical error bar with caps at the px `x`, around a value of the y scale; "" without one. */
export function verticalErrorBar(
  error: ErrorBars | undefined,
  index: number,
  x: number,
  value: number,
  y: Scale,
): string {
  const ends = errorEnds(error, index, value, y);
  if (ends === undefined) return "";
  const [low, high] = ends;
  const cap = HOUSE.error.width;
  const path = `M${px(x)} ${px(low)}V${px(high)}${[low, high].map((at) => `M${px(x - cap)} ${px(at)}h${2 * cap}`).join("")}`;
  return errorPath(path, error);
}

/** The same along the x axis. */
export function horizontalErrorBar(
  error: ErrorBars | undefined,
  index: number,
  y: number,
  value: number,
  x: Scale,
): string {
  const ends = errorEnds(error, index, value, x);
  if (ends === undefined) return "";
  const [low, high] = ends;
  const cap = HOUSE.error.width;
  const path = `M${px(low)} ${px(y)}H${px(high)}${[low, high].map((at) => `M${px(at)} ${px(y - cap)}v${2 * cap}`).join("")}`;
  return errorPath(path, error);
}

function errorEnds(
  error: ErrorBars | undefined,
  index: number,
  value: AxisValue,
  scale: Scale,
): [number, number] | undefined {
  const [down, up] = errorLengths(error, index);
  if ((down === 0 && up === 0) || typeof value !== "number") return undefined;
  const low = scale.at(value - down);
  const high = scale.at(value + up);
  return low === undefined || high === undefined ? undefined : [low, high];
}

function errorPath(path: string, error: ErrorBars | undefined): string {
  return element("path", {
    class: "error-bar",
    d: path,
    fill: "none",
    stroke: error?.color ?? HOUSE.error.color,
    "stroke-width": error?.thickness ?? HOUSE.error.thickness,
  });
}
