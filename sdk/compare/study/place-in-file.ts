import { pathToFileURL } from "node:url";
import type { FilePlace } from "../study-file-error.ts";

/** The first line of a file that an error speaks of: in its message, as loaders do, or in its stack. */
export function placeIn(path: string, error: unknown): FilePlace {
  const told = error instanceof Error ? `${error.message}\n${error.stack ?? ""}` : "";
  for (const name of [pathToFileURL(path).href, path]) {
    const at = told.indexOf(`${name}:`);
    const [, line] = at === -1 ? [] : (/^:(\d+)/.exec(told.slice(at + name.length)) ?? []);
    if (line !== undefined) return { path, line: Number(line) };
  }
  return { path, line: undefined };
}
