import { completeSpec } from "../../display/figure/complete.ts";
import type { Shape } from "../../display/figure/spec.ts";
import { HOUSE, PALETTE } from "../../display/figure/template.ts";
import { type Html, trustedHtml } from "../../display/html.ts";
import { renderSvg } from "../../display/svg/render.ts";
import { scrolling } from "./pieces.ts";
import { signedPoints } from "./words.ts";

/** A difference in points, as a share. */
export interface DrawnDifference {
  readonly label: string;
  readonly difference: number;
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Filled; others are open. */
  readonly isFilled: boolean;
}

/** How differences are drawn. */
export interface DifferencePlotOptions {
  /** Under the axis: which end is whose. */
  readonly axis: string;
  /** Half the width of a band around 0, as a share. */
  readonly margin?: number | null | undefined;
}

const ROW_PX = 26;
const FRAME_PX = 92;
/** Of the axis, beyond its farthest mark. */
const AIR = 1.06;
const BAND = "#E3EEF6";

/** Points with intervals about the line of no difference: one row each, from top to bottom. */
export function differencePlot(
  rows: readonly DrawnDifference[],
  { axis, margin = null }: DifferencePlotOptions,
): Html {
  const ends = rows.map(({ difference, interval }) =>
    Math.max(Math.abs(interval?.low ?? difference), Math.abs(interval?.high ?? difference)),
  );
  const reach = 100 * Math.max(0.01, margin ?? 0, ...ends) * AIR;
  const places = rows.map((_, index) => rows.length - 1 - index);
  const series = [true, false].flatMap((filled) => {
    const members = rows.flatMap((row, index) => (row.isFilled === filled ? [index] : []));
    if (members.length === 0) return [];
    const at = (index: number): DrawnDifference => rows[index] as DrawnDifference; // from its own indices
    const above = members.map(
      (each) => 100 * ((at(each).interval?.high ?? at(each).difference) - at(each).difference),
    );
    const below = members.map(
      (each) => 100 * (at(each).difference - (at(each).interval?.low ?? at(each).difference)),
    );
    return [
      {
        type: "scatter",
        mode: "markers",
        x: members.map((each) => 100 * at(each).difference),
        y: members.map((each) => places[each] ?? 0),
        error_x: { array: above, arrayminus: below, symmetric: false },
        marker: { color: PALETTE[0] ?? HOUSE.ink, symbol: filled ? "circle" : "circle-open" },
      },
    ];
  });
  const spec = completeSpec({
    data: series,
    layout: {
      height: FRAME_PX + ROW_PX * rows.length,
      showlegend: false,
      margin: { t: 12, r: 24, b: 50, l: 10 },
      // As far to one side as to the other: the eye then sees who is ahead.
      xaxis: { title: axis, zeroline: false, range: [-reach, reach] },
      yaxis: {
        tickvals: places,
        ticktext: rows.map(({ label }) => label),
        range: [-0.7, rows.length - 0.3],
        showgrid: false,
      },
      shapes: shapesOf(margin),
    },
  });
  const words = rows.map(({ label, difference }) => `${label}: ${signedPoints(difference)} points`);
  return scrolling(trustedHtml(renderSvg(spec, words.join("; ")).svg, words.join("\n")));
}

function shapesOf(margin: number | null): Shape[] {
  const rows = { y0: 0, y1: 1, yref: "paper", layer: "below" };
  const zero = { type: "line", x0: 0, x1: 0, ...rows, line: { color: HOUSE.ink, width: 1 } };
  if (margin === null) return [zero];
  const [x0, x1] = [-100 * margin, 100 * margin];
  return [{ type: "rect", x0, x1, ...rows, fillcolor: BAND, line: { width: 0 } }, zero];
}
