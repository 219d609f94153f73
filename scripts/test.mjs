// npm test [-- suite …]: sets up if needed, runs the suites, ends with one line of counts.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missingDebianPackages } from "./setup/debian-packages.mjs";
import { environment } from "./setup/environment.mjs";
import { passThrough } from "./setup/pass-through.mjs";
import { root } from "./setup/paths.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { testSteps } from "./setup/steps.mjs";
import { count } from "./test/count.mjs";
import { buildFolder, suites } from "./test/suites.mjs";

function choose(names) {
  if (names.length === 0) return suites;
  const known = [...new Set(suites.map((suite) => suite.suite ?? suite.name))];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`No suite named ${unknown.join(", ")}. Suites: ${known.join(", ")}`);
    process.exit(2);
  }
  return suites.filter((suite) => names.includes(suite.suite ?? suite.name));
}

const chosen = choose(process.argv.slice(2));
await setUpOrExit(testSteps);
const withoutPackages = missingDebianPackages();
if (withoutPackages) console.log(withoutPackages);
mkdirSync(buildFolder, { recursive: true });
const total = { passed: 0, failed: 0, skipped: 0 };
const rows = [];
for (const suite of chosen) {
  console.log(`\n── ${suite.name}`);
  if (suite.report) rmSync(suite.report.file, { force: true });
  const started = performance.now();
  const code = await passThrough(suite.command, suite.args, { cwd: root, env: environment() });
  const counted = count(suite.report, code);
  for (const key of Object.keys(total)) total[key] += counted[key];
  const seconds = (performance.now() - started) / 1000;
  rows.push(
    `${counted.failed === 0 ? "ok    " : "FAILED"} ${suite.name.padEnd(24)} ${seconds.toFixed(1).padStart(6)} s`,
  );
}
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
const line = `${total.passed} passed, ${total.failed} failed${skipped}`;
writeFileSync(join(buildFolder, "test-summary.txt"), `${line}\n`);
console.log(`\n${rows.join("\n")}\n${line}`);
process.exitCode = total.failed === 0 ? 0 : 1;
