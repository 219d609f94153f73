import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findPython } from "../../bridge/find-python.ts";
import { installKernel } from "../../cli/kernel-spec.mjs";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "doctor-test-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** The line of one finding, without what to do about it. */
function finding(report: string, name: string): string {
  return report.split("\n").find((line) => line.slice(6).startsWith(`${name} `)) ?? "";
}

describe("grym-synth doctor", () => {
  test("reports what is really here, and exits by it", () => {
    const { status, stdout, stderr } = runCli(["doctor"], { GRYM_BROWSER: "none" });
    const python = execFileSync(findPython(), ["--version"], { encoding: "utf8" }).trim();
    expect(stderr).toBe("");
    expect(finding(stdout, "node")).toContain(process.versions.node);
    expect(finding(stdout, "python")).toContain(python.replace("Python ", ""));
    expect(finding(stdout, "torch")).toMatch(/^ok {4}torch +\d+\.\d+/);
    expect(finding(stdout, "transformers")).toMatch(/^ok {4}transformers +\d+\.\d+/);
    expect(finding(stdout, "device")).toMatch(/cpu|cuda/);
    expect(finding(stdout, "/dev/shm")).toMatch(/GB|MB|not there/);
    expect(finding(stdout, "repository")).toContain("free");
    expect(finding(stdout, "browser")).toMatch(/^note .*GRYM_BROWSER=none/);
    expect(status).toBe(stdout.includes("\nMISS") ? 1 : 0);
  });

  test("names the Python that was asked for and is not there, and what to do", () => {
    const { status, stdout } = runCli(["doctor"], { GRYM_PYTHON: "/nowhere/python" });
    expect(status).toBe(1);
    expect(finding(stdout, "python")).toMatch(/^MISS .*\/nowhere\/python/);
    expect(stdout).toContain("→ npm run setup");
  });

  test("hands on what a Python says that cannot do its part", () => {
    const broken = join(folder, "broken-python");
    writeFileSync(broken, "#!/bin/sh\necho 'ImportError: libtorch.so is missing' >&2\nexit 1\n", {
      mode: 0o755,
    });
    const { stdout } = runCli(["doctor"], { GRYM_PYTHON: broken });
    expect(finding(stdout, "python")).toMatch(/^MISS .*ImportError: libtorch\.so is missing/);
  });

  test("refuses a Python that is too old", () => {
    const old = join(folder, "old-python");
    const facts = { python: "3.9.2", executable: old, package: true, versions: {}, cuda: [] };
    writeFileSync(old, `#!/bin/sh\necho '${JSON.stringify(facts)}'\n`, { mode: 0o755 });
    const { stdout } = runCli(["doctor"], { GRYM_PYTHON: old });
    expect(finding(stdout, "python")).toMatch(/^MISS .*3\.9\.2 .*3\.11 or newer is needed/);
  });

  test("sees a user's kernel that starts a clone which is gone", () => {
    installKernel(folder, join(import.meta.dirname, "..", "..", ".."), "/nowhere/node");
    const { stdout } = runCli(["doctor"], { JUPYTER_DATA_DIR: folder, GRYM_PYTHON: "/nowhere" });
    expect(finding(stdout, "kernel (user)")).toMatch(/^note/);
    expect(stdout).toContain("→ grym-synth kernel install --user");
  });
});
