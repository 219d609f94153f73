import { DISPLAY, type Displayable, isDisplayable, type MimeBundle } from "./mime.ts";
import { collectionBundle } from "./values/collections.ts";
import { errorBundle } from "./values/errors.ts";
import { frameBundle } from "./values/frames.ts";
import { numbersBundle } from "./values/numbers.ts";
import { plotlyBundle } from "./values/plotly.ts";
import { printed } from "./values/printed.ts";

/** Ways to show a value that knows nothing of notebooks; each is asked in turn. */
const FORMS: readonly ((value: object) => MimeBundle | Promise<MimeBundle> | undefined)[] = [
  plotlyBundle,
  frameBundle,
  errorBundle,
  collectionBundle,
  numbersBundle,
];

/**
 * The MIME bundle of any value: what a notebook shows of it.
 *
 * In this order: what its own `Symbol.for("Jupyter.display")` method gives; `{ data, layout }` of plotly as a
 * figure; a table of arquero, a frame of danfo, an array of plain objects as a table with types, first and last
 * rows, and their number; an error with its causes folded; a Map or Set as a table; a typed array (or one with its
 * `shape`) by type, shape and range; a text as it is; all else, a promise with its state too, as Node prints it.
 *
 * @throws TypeError an own method gave no bundle
 * @throws what an own method throws
 */
export async function bundleOf(value: unknown): Promise<MimeBundle> {
  if (typeof value === "string") return { "text/plain": value };
  if (isDisplayable(value)) return await ownBundle(value);
  if (typeof value !== "object" || value === null) return { "text/plain": printed(value) };
  return await foreignBundle(value);
}

async function ownBundle(value: Displayable): Promise<MimeBundle> {
  const bundle: unknown = await value[DISPLAY]();
  if (typeof bundle === "object" && bundle !== null) return { ...bundle };
  throw new TypeError(`[Symbol.for("Jupyter.display")] gave ${printed(bundle)}, no MIME bundle`);
}

async function foreignBundle(value: object): Promise<MimeBundle> {
  try {
    for (const form of FORMS) {
      const bundle = await form(value);
      if (bundle !== undefined) return bundle;
    }
  } catch (reason) {
    // A look at a stranger may run its code: getters, traps of a proxy. Showing it must not fail the cell.
    const words = reason instanceof Error ? reason.message : printed(reason);
    return {
      "text/plain": `${printed(value)}\n(as text, since its parts cannot be read: ${words})`,
    };
  }
  return { "text/plain": printed(value) };
}
