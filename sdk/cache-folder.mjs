// Plain JavaScript: the kernel's boot.mjs needs it before any TypeScript is read.
import { homedir } from "node:os";
import { join } from "node:path";

/** @param {NodeJS.ProcessEnv} env */
export function cacheFolder(env = process.env) {
  return env["GRYM_CACHE"] || join(homedir(), ".cache", "grym-synth");
}
