import type { FigureOptions } from "../figure.ts";
import { DISPLAY, type MimeBundle } from "../mime.ts";
import { isPlainObject } from "./plain-object.ts";

const PARTS = new Set(["data", "layout"]);

/** A bare `{ data: [...], layout: {...} }`, as plotly.js takes it, as a figure. */
export function plotlyBundle(value: object): Promise<MimeBundle> | undefined {
  if (!isFigure(value)) return undefined;
  return drawn(value);
}

function isFigure(value: object): value is FigureOptions {
  if (!isPlainObject(value) || !Object.keys(value).every((key) => PARTS.has(key))) return false;
  const { data, layout } = value;
  return Array.isArray(data) && data.every(isPlainObject) && isPlainObject(layout);
}

async function drawn(value: FigureOptions): Promise<MimeBundle> {
  JSON.stringify(value); // throws on a cycle, which could not be sent
  const { figure } = await import("../figure.ts");
  return await figure(value)[DISPLAY]();
}
