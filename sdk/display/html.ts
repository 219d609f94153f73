import { type DisplayObject, displayObject } from "./mime.ts";

const ESCAPES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids exactly these, even escaped
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** Text made safe for HTML and XML, as content and inside a quoted attribute. */
export function escapeMarkup(text: string): string {
  return text
    .toWellFormed()
    .replace(FORBIDDEN, "")
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

const TRUSTED = Symbol("trusted html");

/** A piece of trusted HTML: shown as it is, and put unescaped into tables and templates. */
export interface Html extends DisplayObject {
  readonly source: string;
}

const CHARACTERS = new Map(Object.entries(ESCAPES).map(([character, name]) => [name, character]));
const NAMES = new RegExp([...CHARACTERS.keys()].join("|"), "g");

/** The text between the tags, as it was before it was made safe. */
function textOf(source: string): string {
  const text = source.replace(/<[^>]*>/g, "").trim();
  return text.replace(NAMES, (name) => CHARACTERS.get(name) ?? name);
}

/**
 * Wraps source that is known to be safe.
 *
 * @param text what a terminal shows instead; without it, the text between the tags
 */
export function trustedHtml(source: string, text: string = textOf(source)): Html {
  const shown = displayObject(text, () => ({ "text/html": source }));
  return Object.assign(shown, { source, [TRUSTED]: true });
}

/** Whether a value is {@link Html} made here; nothing read from data can pass for it. */
export function isHtml(value: unknown): value is Html {
  return typeof value === "object" && value !== null && TRUSTED in value;
}

/**
 * HTML for a notebook.
 *
 * As a function it takes trusted source: `html("<b>loud</b>")`. As a template tag it escapes every
 * value that is not itself {@link Html}: `` html`<b>${label}</b>` ``.
 */
export function html(source: string): Html;
export function html(strings: TemplateStringsArray, ...values: unknown[]): Html;
export function html(source: string | TemplateStringsArray, ...values: unknown[]): Html {
  if (typeof source === "string") return trustedHtml(source);
  const filled = values.map((value) =>
    isHtml(value) ? value.source : escapeMarkup(String(value)),
  );
  return trustedHtml(String.raw({ raw: source }, ...filled));
}

/** Markdown for a notebook; a terminal shows the source. */
export function markdown(source: string): DisplayObject {
  return displayObject(source, () => ({ "text/markdown": source }));
}
