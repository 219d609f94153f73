/** The string literal in which a cursor stands. */

/**
 * What stands between the opening quote and the cursor, or undefined outside of strings.
 * Only the line of the cursor is looked at: strings that complete are short, and a template that
 * began lines above is text.
 *
 * @param before the text up to the cursor
 */
export function openString(before: string): string | undefined {
  const line = before.slice(before.lastIndexOf("\n") + 1);
  let start = 0;
  let quote: string | undefined;
  for (let at = 0; at < line.length; at++) {
    const character = line[at];
    if (quote === undefined) {
      if (character === "/" && line[at + 1] === "/") return undefined;
      if (character === '"' || character === "'" || character === "`") {
        quote = character;
        start = at + 1;
      }
    } else if (character === "\\") at++;
    else if (character === quote) quote = undefined;
  }
  return quote === undefined ? undefined : line.slice(start);
}
