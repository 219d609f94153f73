// npm test [-- suite …]: sets up if needed, runs the suites, ends with one line of counts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { missingDebianPackages } from "./setup/debian-packages.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { testSteps } from "./setup/steps.mjs";
import { runSuites } from "./test/run-suites.mjs";
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
const { total, rows, exitCode } = await runSuites(chosen);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
const line = `${total.passed} passed, ${total.failed} failed${skipped}`;
// Of a run that was interrupted no count stays: it would look like that of a whole one.
if (exitCode <= 1) writeFileSync(join(buildFolder, "test-summary.txt"), `${line}\n`);
console.log(`\n${rows.join("\n")}\n${exitCode <= 1 ? line : "interrupted"}`);
process.exitCode = exitCode;
