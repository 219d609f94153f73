import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findPython } from "../../bridge/find-python.ts";

/** Drives real kernels through jupyter_client, which only exists in Python. */
const SUITES = [
  "test_conformance",
  "test_cells",
  "test_outputs",
  "test_imports",
  "test_interrupt",
  "test_endings",
  "test_protocol",
  "test_soak",
  "test_host",
  "test_display",
  "test_headless",
  "test_papermill",
  "test_tslab",
  "test_install",
  "test_notebooks",
  "test_welcome",
  "test_start",
  "test_types",
  "test_completion",
  "test_breakpoints",
  "test_debugger",
];
const LIMIT_MS = 180_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "grym-kernel-driver-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Runs one suite in a process group of its own; a suite that hangs is ended with its kernels. */
async function runSuite(suite: string): Promise<{ exitCode: number | null; report: string }> {
  // To a file: a kernel that outlives its suite would hold a pipe open.
  const path = join(folder, `${suite}.log`);
  const log = openSync(path, "w");
  const child = spawn(
    findPython(),
    ["-m", "pytest", "-q", "-p", "no:cacheprovider", `${suite}.py`],
    {
      cwd: join(import.meta.dirname, "driver"),
      env: { ...process.env, GRYM_TEST_NODE: process.execPath, PYTHONDONTWRITEBYTECODE: "1" },
      stdio: ["ignore", log, log],
      detached: true,
    },
  );
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }, LIMIT_MS - 5000);
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.on("exit", resolve);
    child.on("error", reject);
  });
  clearTimeout(timer);
  closeSync(log);
  return { exitCode, report: readFileSync(path, "utf8") };
}

describe("the kernel, driven by jupyter_client", () => {
  it.concurrent.each(SUITES)(
    "passes %s",
    async (suite) => {
      const { exitCode, report } = await runSuite(suite);
      expect(exitCode, report).toBe(0);
      // A suite that skips or finds no tests must not count as passed.
      expect(report).toMatch(/\n[1-9]\d* passed(?:, \d+ subtests passed)? in [\d.]+s/);
    },
    LIMIT_MS,
  );
});
