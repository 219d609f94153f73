import { inspect } from "node:util";

/** Property of a bundle that says more about its forms (Jupyter's output metadata), if anything. */
export const METADATA: unique symbol = Symbol.for("grym-synth.metadata");

/** One output of a cell in every form that we can give: MIME type → content. */
export type MimeBundle = Record<string, unknown> & {
  /** MIME type → facts, for example the size in CSS px at which a picture is meant. */
  [METADATA]?: Record<string, unknown>;
};

/** The method by which an object says how it is shown (the convention of Deno's kernel). */
export const DISPLAY: unique symbol = Symbol.for("Jupyter.display");

/** Anything that knows how it is shown in a notebook. */
export interface Displayable {
  [DISPLAY](): MimeBundle | Promise<MimeBundle>;
}

/** Whether a value brings its own {@link DISPLAY} method. */
export function isDisplayable(value: unknown): value is Displayable {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  try {
    // Asked with `in` first: a proxy may make up every property that is read.
    return DISPLAY in value && typeof value[DISPLAY] === "function";
  } catch {
    return false; // a proxy that refuses to be asked, or was revoked, shows nothing of itself
  }
}

/** Something shown in a notebook as a MIME bundle, and in a terminal as `text`. */
export interface DisplayObject extends Displayable {
  /** The plain form, for terminals and for `text/plain` when the bundle has none. */
  readonly text: string;
  toString(): string;
}

/** Whether a value is shown as text without making its bundle, which may cost a drawing. */
export function isDisplayObject(value: unknown): value is DisplayObject {
  return isDisplayable(value) && "text" in value && typeof value.text === "string";
}

/**
 * Makes an object that shows itself.
 *
 * @param text the plain form; also what `console.log` prints
 * @param bundle makes the forms beside `text/plain`; called each time that the object is shown
 */
export function displayObject(
  text: string,
  bundle: () => MimeBundle | Promise<MimeBundle>,
): DisplayObject {
  const withText = (forms: MimeBundle): MimeBundle => ({ "text/plain": text, ...forms });
  const shown = {
    text,
    toString: (): string => text,
    [inspect.custom]: (): string => text,
    [DISPLAY]: (): MimeBundle | Promise<MimeBundle> => {
      const forms = bundle();
      return forms instanceof Promise ? forms.then(withText) : withText(forms);
    },
  };
  return shown;
}
