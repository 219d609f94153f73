import { LINE_HEIGHT, textLines, textWidth } from "../figure/text.ts";
import { escapeMarkup } from "../html.ts";

type Attributes = Record<string, string | number | undefined>;

/** One SVG element. Attributes are escaped; children are markup already. */
export function element(name: string, attributes: Attributes, children?: string): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === "number" ? px(value) : escapeMarkup(value ?? "")}"`,
    )
    .join("");
  return children === undefined
    ? `<${name}${written}/>`
    : `<${name}${written}>${children}</${name}>`;
}

/** A coordinate with a hundredth of a px, which no screen or printer shows. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export interface TextStyle {
  size: number;
  fill: string;
  anchor?: "start" | "middle" | "end";
  /** Which line of the text stands at y: `top` of the first, `middle` of all, `bottom` of the last. */
  align?: "top" | "middle" | "bottom";
  bold?: boolean;
  /** As wide as the layout reckons with, in a wider font too: it stands beside the edge of the picture. */
  isFitted?: boolean;
  transform?: string;
}

// Height of capitals and digits over the baseline, in font sizes.
const CAP_HEIGHT = 0.72;

function fitTo(width: number): Attributes {
  return width > 0 ? { textLength: width, lengthAdjust: "spacingAndGlyphs" } : {};
}

/** Text of one or more lines (`<br>`) at a point. */
export function textElement(text: string, x: number, y: number, style: TextStyle): string {
  const {
    size,
    fill,
    anchor = "start",
    align = "top",
    bold = false,
    isFitted = false,
    transform,
  } = style;
  const lines = textLines(text);
  const extra = (lines.length - 1) * size * LINE_HEIGHT;
  const rise = { top: CAP_HEIGHT * size, middle: (CAP_HEIGHT * size - extra) / 2, bottom: -extra };
  const first = y + rise[align];
  const spans = lines.map((line, index) => {
    const width = isFitted ? fitTo(textWidth(line, size, bold)) : {};
    const place = { x, y: first + index * size * LINE_HEIGHT };
    return element("tspan", { ...place, ...width }, escapeMarkup(line));
  });
  return element(
    "text",
    {
      "font-size": size,
      fill,
      "text-anchor": anchor,
      "font-weight": bold ? "700" : undefined,
      transform,
    },
    spans.join(""),
  );
}
