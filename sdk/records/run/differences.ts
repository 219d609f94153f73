import type { Json } from "./canonical-json.ts";

/** A field in which two values differ. */
export interface Difference {
  /** `arms.gama.dtype`, `tasks[0].kind` */
  readonly path: string;
  /** undefined: it is not there. */
  readonly a: Json | undefined;
  readonly b: Json | undefined;
}

/** Leaves that are not the same value (`Object.is`: 0 is not −0), in the order of names. */
export function findDifferences(a: Json | undefined, b: Json | undefined, path = ""): Difference[] {
  if (Array.isArray(a) && Array.isArray(b)) {
    const longest = a.length > b.length ? a : b;
    return longest.flatMap((_, index) => findDifferences(a[index], b[index], `${path}[${index}]`));
  }
  if (isObject(a) && isObject(b)) {
    const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
    return names.flatMap((name) =>
      findDifferences(a[name], b[name], path === "" ? name : `${path}.${name}`),
    );
  }
  return Object.is(a, b) || isEmptyPair(a, b) ? [] : [{ path, a, b }];
}

function isObject(value: Json | undefined): value is { readonly [name: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Nothing in JSON tells a member that is undefined from one that is not there. */
function isEmptyPair(a: Json | undefined, b: Json | undefined): boolean {
  return a === undefined && b === undefined;
}
