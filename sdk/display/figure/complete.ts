import { withBarValues } from "./bar-values.ts";
import { scatterMode, toPlainJson, traceType, visibleTraces } from "./columns.ts";
import { completeX, completeY } from "./complete-axes.ts";
import type { FigureSpec, Layout, Trace } from "./spec.ts";
import { HOUSE, SIDES, SYMBOLS, TEMPLATE } from "./template.ts";
import { LINE_HEIGHT, textWidth, titleText, wrapText } from "./text.ts";

const TITLE_TOP = 16;
const LEGEND_ROW = 22;
/** px of a legend's key and gap, beside its text. */
const LEGEND_ITEM = 44;

/**
 * Everything that the caller left open, decided once, so that the interactive figure, the PNG and
 * the SVG agree: house template, broken lines of titles and categories, values in wide bars, a
 * symbol for each series, room for title and legend.
 */
export function completeSpec(spec: FigureSpec, title?: string): FigureSpec {
  const plain = toPlainJson(spec) as FigureSpec; // a copy: the same keys, plain arrays
  const given = { ...plain.layout, ...(title === undefined ? {} : { title }) };
  const data = plain.data.map((trace, index) => withSymbol(trace, index, plain.data.length));
  const layout = completeLayout({ data, layout: given });
  const width = layout.width ?? HOUSE.width;
  return { data: data.map((trace) => withBarValues(trace, { data, layout }, width)), layout };
}

function completeLayout(spec: FigureSpec): Layout {
  const { layout } = spec;
  const { width = HOUSE.width, height = HOUSE.height } = layout;
  const text = titleText(layout.title);
  const title = text === "" ? [] : wrapText(text, width - SIDES, HOUSE.titleSize, true);
  const named = visibleTraces(spec).filter(({ showlegend }) => showlegend !== false);
  const showlegend = layout.showlegend ?? named.length > 1;
  const rows = showlegend ? legendRows(named, width - SIDES) : 0;
  const top = TITLE_TOP + title.length * HOUSE.titleSize * LINE_HEIGHT + rows * LEGEND_ROW + 12;
  // plotly.js centres further lines around the first, though the anchor says "top".
  const fall = TITLE_TOP - 2 + (title.length - 1) * HOUSE.titleSize * 0.65;
  const place = { y: 1 - fall / height, yref: "container", yanchor: "top" };
  const own = typeof layout.title === "object" ? layout.title : {};
  return {
    template: TEMPLATE,
    ...layout,
    height,
    showlegend,
    margin: {
      t: Math.round(top),
      l: 60,
      r: 24,
      b: 50,
      ...(layout["margin"] as object | undefined),
    },
    ...(title.length === 0 ? {} : { title: { ...place, ...own, text: title.join("<br>") } }),
    xaxis: completeX(layout.xaxis ?? {}, spec, width),
    yaxis: completeY(layout.yaxis ?? {}, spec),
  };
}

/** What does not fit one row plotly sets in columns, each as wide as the widest. */
function legendRows(named: Trace[], width: number): number {
  const widths = named.map(({ name = "" }) => textWidth(name, HOUSE.fontSize) + LEGEND_ITEM);
  if (widths.reduce((sum, each) => sum + each, 0) <= width) return 1;
  const columns = Math.max(1, Math.floor(width / Math.max(...widths)));
  return Math.ceil(widths.length / columns);
}

function withSymbol(trace: Trace, index: number, series: number): Trace {
  const marked = traceType(trace) === "scatter" && scatterMode(trace).includes("markers");
  if (!marked || series < 2) return trace;
  const symbol = SYMBOLS[index % SYMBOLS.length] ?? "circle";
  return { ...trace, marker: { symbol, ...trace.marker } };
}
