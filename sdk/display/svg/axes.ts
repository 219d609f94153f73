import { HOUSE } from "../figure/template.ts";
import { titleText } from "../figure/text.ts";
import { element, px, textElement } from "./markup.ts";
import { labelHeight, type Plot, TICK_GAP, TICK_LENGTH, TITLE_GAP } from "./plot.ts";

/** The thin lines behind the marks. */
export function drawGrid(plot: Plot): string {
  const { frame, spec, x, y } = plot;
  const lines: string[] = [];
  if (spec.layout.yaxis?.showgrid !== false && spec.layout.yaxis?.visible !== false) {
    for (const { value } of y.ticks) {
      const at = y.at(value);
      lines.push(element("line", { x1: frame.left, x2: frame.left + frame.width, y1: at, y2: at }));
    }
  }
  if (spec.layout.xaxis?.showgrid === true) {
    for (const { value } of x.ticks) {
      const at = x.at(value);
      lines.push(element("line", { x1: at, x2: at, y1: frame.top, y2: frame.top + frame.height }));
    }
  }
  return element("g", { class: "grid", stroke: HOUSE.grid, "stroke-width": 1 }, lines.join(""));
}

/** Axis line, ticks, their labels and the titles of both axes. */
export function drawAxes(plot: Plot): string {
  const { xaxis, yaxis } = plot.spec.layout;
  const parts = [
    xaxis?.visible === false ? "" : drawX(plot),
    yaxis?.visible === false ? "" : drawY(plot),
  ];
  return element("g", { class: "axes" }, parts.join(""));
}

function drawX(plot: Plot): string {
  const { frame, spec, x } = plot;
  const base = frame.top + frame.height;
  const right = frame.left + frame.width;
  const line = { y1: base, y2: base, stroke: HOUSE.axis, "stroke-width": 1 };
  const parts = [element("line", { x1: frame.left, x2: right, ...line })];
  const top = base + TICK_LENGTH + TICK_GAP;
  for (const { value, label } of x.ticks) {
    const at = x.at(value) ?? 0;
    const tick = { x1: at, x2: at, y1: base, y2: base + TICK_LENGTH, stroke: HOUSE.axis };
    parts.push(element("line", tick), drawLabel(label, at, top, spec.layout.xaxis?.tickangle ?? 0));
  }
  const titleTop = top + labelHeight(spec, x) + TITLE_GAP - 4;
  const style = { size: HOUSE.fontSize, fill: HOUSE.ink, anchor: "middle" } as const;
  const title = titleText(spec.layout.xaxis?.title);
  if (title !== "") parts.push(textElement(title, frame.left + frame.width / 2, titleTop, style));
  return parts.join("");
}

/** A label under its tick, or with its end at the tick when labels are turned. */
function drawLabel(label: string, x: number, top: number, angle: number): string {
  const style = { size: HOUSE.tickSize, fill: HOUSE.ink };
  if (angle === 0) return textElement(label, x, top, { ...style, anchor: "middle" });
  const transform = `rotate(${px(angle)} ${px(x)} ${px(top)})`;
  return textElement(label, x, top, { ...style, anchor: angle < 0 ? "end" : "start", transform });
}

function drawY({ frame, spec, y }: Plot): string {
  const labels = y.ticks.map(({ value, label }) =>
    textElement(label, frame.left - TICK_GAP - 3, y.at(value) ?? 0, {
      size: HOUSE.tickSize,
      fill: HOUSE.ink,
      anchor: "end",
      align: "middle",
      isFitted: true,
    }),
  );
  const title = titleText(spec.layout.yaxis?.title);
  if (title === "") return labels.join("");
  const middle = frame.top + frame.height / 2;
  const turned = textElement(title, 14, middle, {
    size: HOUSE.fontSize,
    fill: HOUSE.ink,
    anchor: "middle",
    align: "top",
    transform: `rotate(-90 14 ${middle.toFixed(1)})`,
  });
  return labels.join("") + turned;
}
