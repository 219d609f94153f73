// Runs suites one after the other, each with a temporary folder of its own, and counts.
import { mkdirSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { environment } from "../setup/environment.mjs";
import { passThrough } from "../setup/pass-through.mjs";
import { root } from "../setup/paths.mjs";
import { count } from "./count.mjs";
import { makeRunFolder, openToAll, removeRunFolder } from "./run-folder.mjs";

/**
 * Ctrl-C and SIGTERM end the suite that runs and leave out the others; the folder is removed in
 * any case.
 *
 * @returns {Promise<{ total: { passed: number, failed: number, skipped: number }, rows: string[], exitCode: number }>}
 */
export async function runSuites(suites) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const rows = [];
  let interruptedBy;
  const note = (signal) => {
    interruptedBy ??= signal;
  };
  process.on("SIGINT", note);
  process.on("SIGTERM", note);
  const folder = makeRunFolder();
  try {
    for (const suite of suites) {
      if (interruptedBy) break;
      console.log(`\n── ${suite.name}`);
      if (suite.report) rmSync(suite.report.file, { force: true });
      const TMPDIR = join(folder, suite.name.replaceAll(/\W+/g, "-"));
      mkdirSync(TMPDIR);
      openToAll(TMPDIR);
      const started = performance.now();
      // Hundreds of processes start: none compiles our Python anew, wherever bytecode is not written by default.
      const env = environment({ TMPDIR, PYTHONDONTWRITEBYTECODE: "" });
      const options = { cwd: root, env };
      const counted = count(suite.report, await passThrough(suite.command, suite.args, options));
      for (const key of Object.keys(total)) total[key] += counted[key];
      const seconds = (performance.now() - started) / 1000;
      rows.push(
        `${counted.failed === 0 ? "ok    " : "FAILED"} ${suite.name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`,
        ...counted.names.map((name) => `         ${name}`),
      );
    }
  } finally {
    removeRunFolder(folder, { failed: total.failed > 0 });
    process.off("SIGINT", note);
    process.off("SIGTERM", note);
  }
  const exitCode = interruptedBy
    ? 128 + constants.signals[interruptedBy]
    : Math.min(total.failed, 1);
  return { total, rows, exitCode };
}
