/** JSON in one form only (RFC 8785), so that equal values have equal bytes, and a digest says so. */
import { createHash } from "node:crypto";
import { InvalidArgumentError } from "../../errors.ts";

/** What JSON can hold; a property that is undefined is left out. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/**
 * A value as canonical JSON: names sorted by UTF-16 code units, no spaces, numbers as ECMAScript writes them.
 *
 * @throws InvalidArgumentError something that JSON would change silently: a number that is not finite, text
 *   with half a surrogate pair, undefined in a list, an object of a class
 */
export function canonicalJson(value: unknown, where = "value"): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new InvalidArgumentError(where, "a finite number", value);
  }
  if (typeof value === "string" && !value.isWellFormed()) {
    throw new InvalidArgumentError(where, "text without half surrogate pairs", value);
  }
  if (value === null || ["boolean", "number", "string"].includes(typeof value)) {
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) {
    return `[${value.map((item, index) => canonicalJson(item, `${where}[${index}]`)).join(",")}]`;
  }
  if (typeof value !== "object" || !isPlain(value)) {
    throw new InvalidArgumentError(where, "plain data as JSON holds it", value);
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => {
      const text = canonicalJson(member, `${where}.${name}`);
      return `${canonicalJson(name, `a name in ${where}`)}:${text}`;
    });
  return `{${members.join(",")}}`;
}

/** Also where the object was made in another realm (a cell of the kernel). */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @returns sha256, hexadecimal; of text, that of its UTF-8 */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** What names a value: sha256 of its canonical JSON. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
