/** Where the native compiler of TypeScript 7 lies; its package has one for each platform. */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Path of `tsc`, or undefined where npm brought none: another platform, or optional packages left out. */
export function findTsc(): string | undefined {
  const own = createRequire(import.meta.url);
  try {
    // From TypeScript's folder, which is where its own packages are found from.
    const fromTypeScript = createRequire(own.resolve("typescript/package.json"));
    const name = `@typescript/typescript-${process.platform}-${process.arch}/package.json`;
    const ending = process.platform === "win32" ? ".exe" : "";
    const path = join(dirname(fromTypeScript.resolve(name)), "lib", `tsc${ending}`);
    return existsSync(path) ? path : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND")
      return undefined;
    throw error;
  }
}
