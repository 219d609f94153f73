import { inspect } from "node:util";
import { DISPLAY, type MimeBundle } from "./display/mime.ts";

/**
 * Makes an object show itself in a notebook, by a property that JSON, copies and comparisons do not see.
 *
 * @param show makes the forms; called each time that the object is shown
 */
export function showAs<T extends object>(
  target: T,
  show: (target: T) => MimeBundle | Promise<MimeBundle>,
): T {
  return Object.defineProperty(target, DISPLAY, { value: () => show(target) });
}

/**
 * Base of the SDK's own objects that a notebook shows and `console.log` prints in one line.
 *
 * The two methods are defined in the constructor: with `isolatedDeclarations` a class cannot
 * declare a method whose name is a symbol (TS9038).
 */
export abstract class ShownObject {
  readonly #text: string;

  /**
   * @param text the plain form
   * @param bundle makes the forms beside it; called each time that the object is shown
   */
  constructor(text: string, bundle: () => MimeBundle | Promise<MimeBundle>) {
    this.#text = text;
    const withText = (forms: MimeBundle): MimeBundle => ({ "text/plain": text, ...forms });
    const show = (): MimeBundle | Promise<MimeBundle> => {
      const forms = bundle();
      return forms instanceof Promise ? forms.then(withText) : withText(forms);
    };
    Object.defineProperties(this, {
      [DISPLAY]: { value: show },
      // Tells `display` outside of a notebook that no picture need be drawn.
      text: { value: text },
      [inspect.custom]: { value: (): string => text },
    });
  }

  toString(): string {
    return this.#text;
  }
}
