import { completeSpec } from "./figure/complete.ts";
import type { FigureSpec, Layout, Trace } from "./figure/spec.ts";
import { summarize } from "./figure/summary.ts";
import { type DisplayObject, displayObject, METADATA, type MimeBundle } from "./mime.ts";
import { drawPng } from "./picture/png.ts";
import { renderSvg } from "./svg/render.ts";

export interface FigureOptions {
  /** The series, as plotly takes them; typed arrays are welcome. */
  data: readonly Trace[];
  /** As plotly takes it; what it leaves open comes from the house template. */
  layout?: Layout;
  title?: string;
}

/**
 * A plotly figure with a picture beside it, so that it also shows where plotly does not run.
 *
 * The picture is a PNG when a Chromium is found (`GRYM_BROWSER`, or one on the `PATH`), else an SVG
 * that the SDK draws; when the browser is there but fails, the SVG takes over and `text/plain` says
 * why. Showing a figure never fails a cell.
 */
export function figure({ data, layout = {}, title }: FigureOptions): DisplayObject {
  const spec = completeSpec({ data: [...data], layout }, title);
  const summary = summarize(spec);
  return displayObject(summary, () => figureBundle(spec, summary));
}

async function figureBundle(spec: FigureSpec, summary: string): Promise<MimeBundle> {
  const interactive = {
    "application/vnd.plotly.v1+json": { data: spec.data, layout: spec.layout },
  };
  const drawn = await drawPng(spec);
  if (drawn.png !== undefined) {
    return {
      ...interactive,
      "image/png": Buffer.from(drawn.png).toString("base64"),
      "text/plain": summary,
      // Without it a front end shows every pixel of the fine picture, twice as large as meant.
      [METADATA]: { "image/png": { width: drawn.width, height: drawn.height } },
    };
  }
  const { svg, notDrawn } = renderSvg(spec, summary);
  const missing = notDrawn.length === 0 ? "" : `; not in the SVG: ${notDrawn.join(", ")}`;
  const note = `(picture drawn by the SDK as SVG: ${drawn.reason}${missing})`;
  return { ...interactive, "image/svg+xml": svg, "text/plain": `${summary}\n${note}` };
}
