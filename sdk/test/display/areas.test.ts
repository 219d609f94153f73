import { describe, expect, it } from "vitest";
import { completeSpec } from "../../display/figure/complete.ts";
import type { Trace } from "../../display/figure/spec.ts";
import { renderSvg } from "../../display/svg/render.ts";

function draw(data: Trace[]): { svg: string; notDrawn: string[] } {
  const yaxis = { range: [0, 10] };
  return renderSvg(completeSpec({ data, layout: { yaxis } }), "areas");
}

/** The heights of the corners of each area, from the axis up, as parts of the axis. */
function heights(svg: string): number[][] {
  const [, top, height] =
    /<svg x="[\d.]+" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"/.exec(svg) ?? [];
  const [upper, whole] = [Number(top) + 1, Number(height) - 2];
  return [...svg.matchAll(/class="area" d="M([^Z]*)Z"/g)].map(([, path = ""]) =>
    path.split("L").map((corner) => {
      const y = Number(corner.split(" ")[1]);
      return Math.round((10 * (upper + whole - y)) / whole) + 0; // adding 0 turns −0 into 0
    }),
  );
}

describe("areas in the SVG of a figure", () => {
  it("of a stack stand on each other", () => {
    const x = [0, 1];
    const { svg, notDrawn } = draw([
      { x, y: [1, 2], stackgroup: "one", name: "a" },
      { x, y: [3, 4], stackgroup: "one", name: "b" },
    ]);
    expect(heights(svg)).toEqual([
      [1, 2, 0, 0],
      [4, 6, 2, 1],
    ]);
    expect(notDrawn).toEqual([]);
  });

  it("reach down to zero, or to the series before", () => {
    const x = [0, 1];
    const { svg } = draw([
      { x, y: [2, 2], mode: "lines", fill: "tozeroy" },
      { x, y: [5, 7], mode: "lines", fill: "tonexty" },
    ]);
    expect(heights(svg)).toEqual([
      [2, 2, 0, 0],
      [5, 7, 2, 2],
    ]);
  });

  it("have a box as their key in the legend", () => {
    const { svg } = draw([
      { x: [0, 1], y: [1, 2], stackgroup: "one", name: "a", fillcolor: "#123456" },
      { x: [0, 1], y: [3, 4], mode: "lines", name: "b" },
    ]);
    const legend = /<g class="legend">.*?<\/g>/s.exec(svg)?.[0] ?? "";
    expect(legend).toContain('fill="#123456"');
    expect(legend.match(/<rect/g)).toHaveLength(1);
  });

  it("that are filled in other ways are told as not drawn", () => {
    const { notDrawn } = draw([{ x: [0, 1], y: [1, 2], mode: "lines", fill: "toself" }]);
    expect(notDrawn).toEqual(["areas filled toself"]);
  });
});
