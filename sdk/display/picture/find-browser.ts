import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** A Chromium to draw with: its path, or why there is none. */
export type FoundBrowser = { path: string } | { path: undefined; reason: string };

/**
 * Looks for a Chromium: `GRYM_BROWSER` if it is set (`none` means: use no browser), else the first
 * of chromium, chromium-browser, google-chrome on the `PATH`.
 */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env): FoundBrowser {
  const wanted = environment["GRYM_BROWSER"];
  if (wanted === "none") return { path: undefined, reason: "GRYM_BROWSER=none" };
  if (wanted !== undefined && wanted !== "") {
    const path = isAbsolute(wanted) ? wanted : search([wanted], environment);
    if (path !== undefined && isExecutable(path)) return { path };
    return { path: undefined, reason: `GRYM_BROWSER is ${wanted}, which cannot be run` };
  }
  const path = search(NAMES, environment);
  return path === undefined ? { path, reason: "no Chromium found" } : { path };
}

function search(names: readonly string[], environment: NodeJS.ProcessEnv): string | undefined {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // the answer itself: accessSync has no other way to say no
  }
}
