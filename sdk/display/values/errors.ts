import { stripVTControlCharacters, types } from "node:util";
import { escapeMarkup } from "../html.ts";
import type { MimeBundle } from "../mime.ts";
import { printed } from "./printed.ts";

/** Causes that are unfolded one in the other; a chain that goes on is cut. */
const DEEPEST = 8;
/** Of an AggregateError. */
const MOST_ERRORS = 20;
const STYLE = "font-family:monospace;white-space:pre-wrap;";

/** An error that a cell holds as a value: its causes are folded, each under its own line. */
export function errorBundle(value: object): MimeBundle | undefined {
  if (!isError(value)) return undefined;
  return {
    "text/plain": printed(value),
    "text/html": `<div style="${STYLE}">${describe(value)}${inner(value, 0)}</div>`,
  };
}

function isError(value: unknown): value is Error {
  return types.isNativeError(value) || value instanceof Error;
}

function inner(error: Error, depth: number): string {
  const frames = framesOf(error);
  const parts = frames === "" ? "" : `<div style="opacity:0.7;">${escapeMarkup(frames)}</div>`;
  return (
    parts +
    causesOf(error)
      .map(([word, cause]) => fold(word, cause, depth + 1))
      .join("")
  );
}

function fold(word: string, cause: unknown, depth: number): string {
  if (depth > DEEPEST) return `<div>… further causes</div>`;
  const isNested = isError(cause);
  const head = isNested ? describe(cause) : escapeMarkup(printed(cause));
  const body = isNested ? inner(cause, depth) : "";
  return `<details style="margin-left:1em;"><summary>${word} ${head}</summary>${body}</details>`;
}

function causesOf(error: Error): [word: string, cause: unknown][] {
  const causes: [string, unknown][] = error.cause === undefined ? [] : [["caused by", error.cause]];
  const errors: unknown = "errors" in error ? error.errors : undefined;
  if (!Array.isArray(errors)) return causes;
  const listed = errors.slice(0, MOST_ERRORS).map((one): [string, unknown] => ["one of", one]);
  return [...causes, ...listed];
}

function describe(error: Error): string {
  const name = error.name === "Error" ? error.constructor.name : error.name;
  const text = stripVTControlCharacters(String(error.message));
  return `<b>${escapeMarkup(String(name))}</b>${text === "" ? "" : `: ${escapeMarkup(text)}`}`;
}

/** The calls alone: what stands before them repeats name and message. */
function framesOf({ stack }: Error): string {
  if (typeof stack !== "string") return "";
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join("\n");
}
