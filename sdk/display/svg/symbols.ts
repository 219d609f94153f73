import type { Marker } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { element, px } from "./markup.ts";

/** Corner points of a symbol around (0, 0) for a radius of 1. */
const SHAPES: Record<string, readonly (readonly [number, number])[]> = {
  square: [
    [-0.89, -0.89],
    [0.89, -0.89],
    [0.89, 0.89],
    [-0.89, 0.89],
  ],
  diamond: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
  "triangle-up": [
    [0, -1.2],
    [1.15, 0.8],
    [-1.15, 0.8],
  ],
  "triangle-down": [
    [0, 1.2],
    [1.15, -0.8],
    [-1.15, -0.8],
  ],
  cross: crossPoints(0.38, 1.15, 0),
  x: crossPoints(0.38, 1.15, Math.PI / 4),
  star: starPoints(5, 1.4, 0.6),
};

/** One marker; `-open` symbols are outlined in the colour instead of filled. */
export function symbolElement(
  x: number,
  y: number,
  diameter: number,
  colour: string,
  marker: Marker,
): string {
  const name = marker.symbol ?? "circle";
  const open = name.endsWith("-open");
  const radius = diameter / 2;
  const style = {
    class: "marker",
    fill: open ? "none" : colour,
    stroke: open ? colour : HOUSE.paper,
    "stroke-width": open ? 1.6 : 0.6,
    opacity: marker.opacity,
  };
  const corners = SHAPES[name.replace(/-open$/, "")];
  if (corners === undefined) return element("circle", { cx: x, cy: y, r: radius, ...style });
  const points = corners
    .map(([dx, dy]) => `${px(x + dx * radius)},${px(y + dy * radius)}`)
    .join(" ");
  return element("polygon", { points, ...style });
}

/** Whether a symbol is drawn as itself; others become circles. */
export function isKnownSymbol(symbol: string): boolean {
  const name = symbol.replace(/-open$/, "");
  return name === "circle" || name in SHAPES;
}

function crossPoints(half: number, arm: number, turn: number): (readonly [number, number])[] {
  const corner = [
    [half, arm],
    [half, half],
    [arm, half],
  ] as const;
  return [0, 1, 2, 3].flatMap((quarter) =>
    [...corner].map(([x, y]) => {
      // Mirrored order in each quarter keeps the outline in one direction.
      const angle = turn - (quarter * Math.PI) / 2;
      return [
        x * Math.cos(angle) - y * Math.sin(angle),
        x * Math.sin(angle) + y * Math.cos(angle),
      ] as const;
    }),
  );
}

function starPoints(tips: number, outer: number, inner: number): (readonly [number, number])[] {
  return Array.from({ length: tips * 2 }, (_, index) => {
    const radius = index % 2 === 0 ? outer : inner;
    const angle = (index * Math.PI) / tips - Math.PI / 2;
    return [radius * Math.cos(angle), radius * Math.sin(angle)] as const;
  });
}
