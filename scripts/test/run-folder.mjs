// The temporary folder of one test run: what tests leave lying there goes with it.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";

const PREFIX = "grym-test-";

/** Whether the temporary folder of this process belongs to a run already. */
export function isInRunFolder() {
  return basename(dirname(tmpdir())).startsWith(PREFIX);
}

/** @returns {string} a short path: that of a Unix socket in it may have 108 bytes */
export function makeRunFolder() {
  return openToAll(mkdtempSync(join(tmpdir(), PREFIX)));
}

/** As the folder that it replaces: some tests have processes of another user. */
export function openToAll(folder) {
  chmodSync(folder, 0o1777);
  return folder;
}

/** Removes what a run has left, or says where it is kept. On stderr: stdout may be a report. */
export function removeRunFolder(folder, { failed }) {
  if (process.env.GRYM_KEEP_TMP === "1") {
    console.error(`\nTemporary files of this run are kept (GRYM_KEEP_TMP=1): ${folder}`);
    return;
  }
  try {
    // Processes that a killed test has left may write for a moment yet.
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    if (failed) console.error("\nTemporary files are removed; GRYM_KEEP_TMP=1 keeps them.");
  } catch (error) {
    console.error(`\nTemporary files of this run could not be removed: ${error.message}`);
  }
}
