// Reads what a suite counted, and which tests failed. A suite that wrote no report counts as one failure,
// never as none.
import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "../setup/paths.mjs";

function fromVitest(file) {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } =
    JSON.parse(readFileSync(file, "utf8"));
  // A file that fails before its first test holds no failed test, but is a failure.
  const broken = testResults.filter(
    (r) => r.status === "failed" && r.assertionResults.length === 0,
  ).length;
  const failed = Math.max(numFailedTests + broken, numFailedTestSuites > 0 ? 1 : 0);
  const names = testResults
    .filter((result) => result.status === "failed")
    .flatMap((result) => {
      const tests = result.assertionResults.filter((test) => test.status === "failed");
      const path = relative(root, result.name);
      return tests.length === 0 ? [path] : tests.map((test) => `${path} > ${test.fullName}`);
    });
  return { passed: numPassedTests, failed, skipped: numPendingTests, names };
}

function fromJunit(file) {
  const text = readFileSync(file, "utf8");
  const [suite] = /<testsuite [^>]*>/.exec(text) ?? [];
  const number = (name) =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(suite ?? "")?.[1] ?? Number.NaN);
  const failed = number("errors") + number("failures");
  return {
    passed: number("tests") - failed - number("skipped"),
    failed,
    skipped: number("skipped"),
    names: [
      ...text.matchAll(/<testcase classname="([^"]*)" name="([^"]*)"[^>]*><(?:failure|error)/g),
    ].map(([, place, name]) => `${place} > ${name}`),
  };
}

/** @returns {{ passed: number, failed: number, skipped: number, names: string[] }} */
export function count(report, exitCode) {
  const byCode = {
    passed: exitCode === 0 ? 1 : 0,
    failed: exitCode === 0 ? 0 : 1,
    skipped: 0,
    names: [],
  };
  if (report === undefined) return byCode;
  if (!existsSync(report.file)) return { passed: 0, failed: 1, skipped: 0, names: ["no report"] };
  const counted = report.kind === "vitest" ? fromVitest(report.file) : fromJunit(report.file);
  const lost = Number.isNaN(counted.passed) || (exitCode !== 0 && counted.failed === 0);
  return lost ? { ...counted, passed: counted.passed || 0, failed: 1 } : counted;
}
