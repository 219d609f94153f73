import type { Marker, Trace } from "./spec.ts";
import { PALETTE } from "./template.ts";

// Five stops of the Viridis scale, evenly spaced.
const VIRIDIS = ["#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"];

/** The colour that a series has as a whole: its own, or the next of the palette. */
export function traceColour(
  trace: Trace,
  index: number,
  colorway: readonly string[] = PALETTE,
): string {
  const own = trace.marker?.color;
  if (typeof own === "string") return own;
  return trace.line?.color ?? colorway[index % colorway.length] ?? "#000000";
}

/** The colour of one point: of the series, its own, or from the scale when colours are numbers. */
export function pointColour(marker: Marker | undefined, index: number, fallback: string): string {
  const colours = marker?.color;
  if (colours === undefined || typeof colours === "string") return fallback;
  const colour = colours[index];
  if (typeof colour === "string") return colour;
  const numbers = Array.from(colours).filter((value) => typeof value === "number");
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  return colour === undefined
    ? fallback
    : viridis(high > low ? (colour - low) / (high - low) : 0.5);
}

/** Black or white, whichever is read better on a colour (WCAG contrast). */
export function inkOn(colour: string): string {
  const channels = hexChannels(colour);
  if (channels === undefined) return "#262626";
  const [red, green, blue] = channels.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
  return 1.05 / (luminance + 0.05) >= 3 ? "#FFFFFF" : "#262626";
}

function viridis(part: number): string {
  const place = Math.min(1, Math.max(0, part)) * (VIRIDIS.length - 1);
  const lower = Math.min(VIRIDIS.length - 2, Math.floor(place));
  const from = hexChannels(VIRIDIS[lower] ?? "") ?? [];
  const to = hexChannels(VIRIDIS[lower + 1] ?? "") ?? [];
  const mixed = from.map((value, index) =>
    Math.round(value + ((to[index] ?? value) - value) * (place - lower)),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

function hexChannels(colour: string): number[] | undefined {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return undefined;
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
