// Vitest's globalSetup: a run of vitest alone has a temporary folder of its own, as `npm test` has.
import { isInRunFolder, makeRunFolder, removeRunFolder } from "./run-folder.mjs";

export function setup() {
  if (isInRunFolder()) return;
  const folder = makeRunFolder();
  // The workers begin with this environment.
  process.env.TMPDIR = folder;
  process.env.GRYM_FEATURE_CACHE_MB = "0"; // no test finds what another one computed
  // Not in `teardown`, which comes before the workers have ended, and not at a Ctrl-C.
  process.once("exit", (code) => removeRunFolder(folder, { failed: code !== 0 }));
}
