// npm run soak [-- --parts NAME,… --calls N]: the long forms of the tests, with a dated record.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  formatRecord,
  formatRows,
  type RecordRow,
  type Target,
  writeRecord,
} from "../sdk/index.ts";
import {
  callsAtOnce,
  fuzzedLines,
  lightKills,
  modelKills,
  type PartOutcome,
  randomAborts,
  smallCalls,
} from "./soak/bridge-faults.ts";
import { bridgeMemory } from "./soak/bridge-memory.ts";
import { patternCrashes } from "./soak/pattern-crashes.ts";

const root = join(import.meta.dirname, "..");
const python = join(root, ".venv", "bin", "python");
const digits = process.env["GRYM_DATA_FSDD"] ?? join(root, "..", "shared", "data", "fsdd");
const { values } = parseArgs({
  options: { calls: { type: "string", default: "20000" }, parts: { type: "string" } },
});

/** Runs a command in the foreground; it throws where that fails. */
async function run(
  args: string[],
  env: Record<string, string>,
  program = python,
): Promise<PartOutcome> {
  const child = spawn(program, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`It ended with code ${code}`);
  return { rows: [], targets: [] };
}

/** The long form of a file of Python tests. */
async function simulations(file: string): Promise<PartOutcome> {
  const options = ["-q", "-s", "-c", "python/pyproject.toml", "--rootdir", "python"];
  return await run(["-m", "pytest", ...options, `python/tests/${file}`], { GRYM_SOAK: "1" });
}

/** The same tests as in `npm test`, with the times that the list of faults names. */
async function longFaults(): Promise<PartOutcome> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "sdk/test/bridge", "-t", "\\b(10|16|19|20): "];
  return await run(args, { GRYM_SOAK: "1" }, process.execPath);
}

const notebooks = ["scripts/notebooks.py"];
/** In this order; together about an hour, of which `clusters` takes more than half. */
const parts: Readonly<Record<string, () => Promise<PartOutcome>>> = {
  // Before anything else has grown this process.
  "small-calls": () => smallCalls(1_000_000),
  "light-kills": () => lightKills(950),
  "model-kills": () => modelKills(50),
  aborts: () => randomAborts(10),
  fuzz: () => fuzzedLines(100_000),
  "at-once": () => callsAtOnce(10_000),
  faults: longFaults,
  memory: () => bridgeMemory(Number(values.calls)),
  patterns: () => patternCrashes(20),
  statistics: () => simulations("test_statistics.py"),
  clusters: () => simulations("test_clustering_stability.py"),
  notebooks: () => run(notebooks, {}),
  digits: () => run(notebooks, { GRYM_DATASET: `fsdd:${digits}` }),
};

const chosen = values.parts?.split(",") ?? Object.keys(parts);
const unknown = chosen.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(", ")}\nParts: ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}

const rows: RecordRow[] = [];
const targets: Target[] = [];
const notes: string[] = [];
let failed = 0;
for (const name of chosen) {
  if (name === "digits" && !existsSync(digits)) {
    notes.push("digits skipped: GRYM_DATA_FSDD is not set and no digits lie beside the clone");
    continue;
  }
  console.log(`\n── ${name}`);
  const started = performance.now();
  let passed = true;
  try {
    const outcome = await parts[name]?.();
    rows.push(...(outcome?.rows ?? []));
    targets.push(...(outcome?.targets ?? []));
    for (const { name: target, value, goal } of outcome?.targets ?? []) {
      console.log(`${target}: ${value} (goal ${goal})`);
    }
  } catch (error) {
    console.error(error);
    passed = false;
    failed += 1;
  }
  rows.push({ part: name, passed, seconds: (performance.now() - started) / 1000 });
}
const content = {
  question:
    "Do the long forms hold, does memory stay flat, is nothing lost when processes are killed, and does a store keep what it acknowledged?",
  rows,
  targets: [
    ...targets,
    { name: "parts that failed", value: failed, goal: 0, better: "lower" as const },
  ],
  notes,
};
if (values.parts === undefined) console.log(formatRecord(await writeRecord("soak", content)));
else {
  console.log(
    `\n${formatRows(rows)}\n\n${formatRows(content.targets.map((target) => ({ ...target })))}`,
  );
  console.log("\nSome parts only: the record is written by a run of all of them.");
}
process.exitCode = failed === 0 ? 0 : 1;
