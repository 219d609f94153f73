// Widths of Helvetica in thousandths of the font size (its AFM file), for ASCII 32 to 126.
const WIDTHS = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
  556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
  611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
  667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
  222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const OTHER_WIDTH = 600;
const BOLD = 1.07;

/** Distance from one line of text to the next, in font sizes. */
export const LINE_HEIGHT = 1.25;

/** Width of one line in px, as if set in Helvetica. */
export function textWidth(text: string, size: number, bold = false): number {
  let thousandths = 0;
  for (const character of text) {
    thousandths += WIDTHS[(character.codePointAt(0) ?? 0) - 32] ?? OTHER_WIDTH;
  }
  return (thousandths / 1000) * size * (bold ? BOLD : 1);
}

/** The lines of plotly's text: `<br>` breaks, and its few other tags are taken off. */
export function textLines(text: string): string[] {
  return text
    .split(/<br\s*\/?>/i)
    .map((line) => line.replace(/<\/?(b|i|em|strong|sub|sup|span|u|s)\b[^>]*>/gi, ""));
}

/** Breaks text to a width in px after spaces, hyphens and underscores; a longer word stays whole. */
export function wrapText(text: string, width: number, size: number, bold = false): string[] {
  return textLines(text).flatMap((line) => {
    const lines: string[] = [];
    for (const piece of line.match(/[^\s_-]*[_-]+|[^\s_-]+\s*|\s+/g) ?? [""]) {
      const last = lines.at(-1);
      const joined = (last ?? "") + piece;
      if (last !== undefined && textWidth(joined.trimEnd(), size, bold) <= width) {
        lines[lines.length - 1] = joined;
      } else lines.push(piece);
    }
    return lines.map((wrapped) => wrapped.trimEnd());
  });
}

/** The text of a title, which plotly takes as a string or as an object. */
export function titleText(title: string | { text?: string } | undefined): string {
  return typeof title === "string" ? title : (title?.text ?? "");
}
