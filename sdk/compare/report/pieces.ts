/** Pieces of HTML that the blocks of a report are built from; styles are inline, so that a notebook shows them too. */
import { type Html, html, trustedHtml } from "../../display/html.ts";
import { endAligned } from "./words.ts";

const PARAGRAPH = "margin:0.5em 0;max-width:46em;line-height:1.5;";
const NOTE = `${PARAGRAPH}font-size:0.88em;opacity:0.78;`;
const SCROLL = "overflow-x:auto;";

export function paragraph(text: string | Html): Html {
  return html`<p style="${PARAGRAPH}">${text}</p>`;
}

/** Smaller, under what it explains. */
export function note(text: string | Html): Html {
  return html`<p style="${NOTE}">${text}</p>`;
}

/** A heading within a block. */
export function heading(text: string): Html {
  return html`<h3 style="font-size:1em;font-weight:600;margin:1.1em 0 0.2em;">${text}</h3>`;
}

export function bullets(items: readonly (string | Html)[]): Html {
  const lines = stack(items.map((item) => html`<li style="margin:0.2em 0;">${item}</li>`));
  return html`<ul style="${PARAGRAPH}padding-left:1.2em;">${lines}</ul>`;
}

/** Text to be copied, as it is. */
export function verbatim(text: string): Html {
  return html`<pre style="font-size:0.82em;line-height:1.45;overflow-x:auto;margin:0.5em 0;">${text}</pre>`;
}

const NUMBER = /^[+−<]?[\s\u2007]*[\d.][\d.]*( %)?$|^–$|^$/;

/** Rows whose columns of numbers that are written as text have their ends below each other. */
export function aligned(
  rows: readonly Readonly<Record<string, unknown>>[],
): Record<string, unknown>[] {
  const copies = rows.map((row) => ({ ...row }));
  for (const name of new Set(rows.flatMap(Object.keys))) {
    const cells = rows.map((row) => row[name] ?? "");
    if (!cells.every((cell) => typeof cell === "string" && NUMBER.test(cell))) continue;
    const ends = endAligned(cells.map(String));
    copies.forEach((copy, at) => {
      if (name in copy) copy[name] = ends[at];
    });
  }
  return copies;
}

/** What is wider than the page scrolls by itself. */
export function scrolling(wide: Html): Html {
  return trustedHtml(`<div style="${SCROLL}">${wide.source}</div>`, wide.text);
}

/** Pieces below each other. */
export function stack(pieces: readonly (Html | null)[]): Html {
  const there = pieces.filter((piece) => piece !== null);
  return trustedHtml(
    there.map(({ source }) => source).join("\n"),
    there.map(({ text }) => text).join("\n\n"),
  );
}
