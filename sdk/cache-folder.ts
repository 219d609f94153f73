import { homedir } from "node:os";
import { join } from "node:path";

/** Where models and data sets that are fetched or rendered are kept: `GRYM_CACHE`, else `~/.cache/grym-synth`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env["GRYM_CACHE"] || join(homedir(), ".cache", "grym-synth");
}
