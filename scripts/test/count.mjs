// Reads what a suite counted. A suite that wrote no report counts as one failure, never as none.
import { existsSync, readFileSync } from "node:fs";

function fromVitest(file) {
  const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, testResults } =
    JSON.parse(readFileSync(file, "utf8"));
  // A file that fails before its first test holds no failed test, but is a failure.
  const broken = testResults.filter(
    (r) => r.status === "failed" && r.assertionResults.length === 0,
  ).length;
  const failed = Math.max(numFailedTests + broken, numFailedTestSuites > 0 ? 1 : 0);
  return { passed: numPassedTests, failed, skipped: numPendingTests };
}

function fromJunit(file) {
  const [suite] = /<testsuite [^>]*>/.exec(readFileSync(file, "utf8")) ?? [];
  const number = (name) =>
    Number(new RegExp(` ${name}="(\\d+)"`).exec(suite ?? "")?.[1] ?? Number.NaN);
  const failed = number("errors") + number("failures");
  return {
    passed: number("tests") - failed - number("skipped"),
    failed,
    skipped: number("skipped"),
  };
}

/** @returns {{ passed: number, failed: number, skipped: number }} */
export function count(report, exitCode) {
  const byCode = { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  if (report === undefined) return byCode;
  if (!existsSync(report.file)) return { passed: 0, failed: 1, skipped: 0 };
  const counted = report.kind === "vitest" ? fromVitest(report.file) : fromJunit(report.file);
  const lost = Number.isNaN(counted.passed) || (exitCode !== 0 && counted.failed === 0);
  return lost ? { ...counted, passed: counted.passed || 0, failed: 1 } : counted;
}
