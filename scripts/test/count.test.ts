/** What a run of all suites says of each: how many tests, and which failed. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

// Set-up and suites are plain JavaScript, which runs before TypeScript is there.
const { count } = (await import(join(import.meta.dirname, "count.mjs"))) as {
  count: (report: { kind: string; file: string }, exitCode: number) => object;
};
const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "count-"));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

describe("the count of a suite", () => {
  it("names the tests that failed, and files that failed before their first test", () => {
    const one = { status: "failed", fullName: "the bridge answers" };
    const other = { status: "passed", fullName: "the bridge ends" };
    const report = {
      numPassedTests: 1,
      numFailedTests: 1,
      numPendingTests: 2,
      numFailedTestSuites: 2,
      testResults: [
        { name: join(root, "sdk/a.test.ts"), status: "failed", assertionResults: [one, other] },
        { name: join(root, "sdk/b.test.ts"), status: "failed", assertionResults: [] },
      ],
    };
    const file = write("vitest.json", JSON.stringify(report));
    expect(count({ kind: "vitest", file }, 1)).toEqual({
      passed: 1,
      failed: 2,
      skipped: 2,
      names: ["sdk/a.test.ts > the bridge answers", "sdk/b.test.ts"],
    });
  });

  it("names the failed tests of Python", () => {
    const file = write(
      "junit.xml",
      '<testsuite errors="0" failures="1" skipped="0" tests="2">' +
        '<testcase classname="tests.a" name="one" time="0.1"><failure message="no">…</failure></testcase>' +
        '<testcase classname="tests.a" name="two" time="0.1" /></testsuite>',
    );
    expect(count({ kind: "junit", file }, 1)).toEqual({
      passed: 1,
      failed: 1,
      skipped: 0,
      names: ["tests.a > one"],
    });
  });

  it("is a failure where there is no report, or none that explains the exit code", () => {
    const missing = { kind: "vitest", file: join(folder, "missing.json") };
    expect(count(missing, 0)).toMatchObject({ passed: 0, failed: 1 });
    const file = write(
      "clean.xml",
      '<testsuite errors="0" failures="0" skipped="0" tests="3"></testsuite>',
    );
    expect(count({ kind: "junit", file }, 0)).toMatchObject({ passed: 3, failed: 0 });
    expect(count({ kind: "junit", file }, 1)).toMatchObject({ passed: 3, failed: 1 });
  });
});
