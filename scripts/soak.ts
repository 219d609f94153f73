// npm run soak [-- --parts NAME,… --calls N --files N --runs N]: the long forms of the tests, with a dated record.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, readEnvironment, readRecord, writeRecord } from "../sdk/index.ts";
import { aaRuns } from "./soak/aa.ts";
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
import { brokenAudio } from "./soak/broken-audio.ts";
import { kernelCells } from "./soak/kernel-cells.ts";
import { patternCrashes } from "./soak/pattern-crashes.ts";
import { runKills } from "./soak/run-kills.ts";
import { statisticsRates } from "./soak/statistics.ts";

const root = join(import.meta.dirname, "..");
const python = join(root, ".venv", "bin", "python");
const digits = process.env["GRYM_DATA_FSDD"] ?? join(root, "..", "shared", "data", "fsdd");
const { values } = parseArgs({
  options: {
    calls: { type: "string", default: "20000" },
    files: { type: "string", default: "10000" },
    runs: { type: "string", default: "20" },
    parts: { type: "string" },
  },
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
/**
 * In this order; together about an hour, of which `clusters` takes half. A run of some parts leaves what
 * the record says of the others, with its date and commit.
 */
const parts: Readonly<Record<string, () => Promise<PartOutcome>>> = {
  "small-calls": () => smallCalls(1_000_000),
  "light-kills": () => lightKills(950),
  "model-kills": () => modelKills(50),
  aborts: () => randomAborts(10),
  fuzz: () => fuzzedLines(100_000),
  "at-once": () => callsAtOnce(10_000),
  faults: longFaults,
  memory: () => bridgeMemory(Number(values.calls)),
  patterns: () => patternCrashes(20),
  runs: () => runKills(300),
  kernel: () => kernelCells(python),
  audio: () => brokenAudio(Number(values.files)),
  statistics: () => statisticsRates(python, root),
  aa: () => aaRuns(Number(values.runs)),
  clusters: () => simulations("test_clustering_stability.py"),
  notebooks: () => run(notebooks, {}),
  // 01 to 03: the others show what tslab does not have.
  tslab: () => run([...notebooks, "--quick", "--kernel", "tslab", "01", "02", "03"], {}),
  digits: () => run(notebooks, { GRYM_DATASET: `fsdd:${digits}` }),
};

const chosen = values.parts?.split(",") ?? Object.keys(parts);
const unknown = chosen.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(", ")}\nParts: ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}

/** What an earlier run has found in parts that this one leaves out; each row has its own date and commit. */
async function earlier(): Promise<PartOutcome> {
  const kept = Object.keys(parts).filter((name) => !chosen.includes(name));
  const record = await readRecord("soak").catch(() => undefined);
  return {
    rows: record?.rows.filter(({ part }) => kept.includes(String(part))) ?? [],
    targets:
      record?.targets.filter(({ name }) => kept.some((part) => name.startsWith(`${part}: `))) ?? [],
  };
}

const { rows, targets } = await earlier();
const notes: string[] = [];
const { commit, isDirty } = await readEnvironment();
for (const name of chosen) {
  if (name === "digits" && !existsSync(digits)) {
    notes.push("digits skipped: GRYM_DATA_FSDD is not set and no digits lie beside the clone");
    continue;
  }
  console.log(`\n── ${name}`);
  const started = performance.now();
  const date = new Date().toISOString();
  let outcome: PartOutcome | undefined;
  try {
    outcome = await parts[name]?.();
  } catch (error) {
    console.error(error);
  }
  const seconds = (performance.now() - started) / 1000;
  const passed = outcome !== undefined;
  rows.push({ part: name, passed, seconds, date, commit, isDirty, load: loadavg()[0] ?? null });
  rows.push(...(outcome?.rows ?? []).map((row) => ({ ...row, part: name })));
  const found = (outcome?.targets ?? []).map((it) => ({ ...it, name: `${name}: ${it.name}` }));
  targets.push(...found);
  for (const { name: target, value, goal } of found) console.log(`${target}: ${value} (${goal})`);
}
const failed = rows.filter(({ passed }) => passed === false).length;
const missing = Object.keys(parts).filter((name) => !rows.some(({ part }) => part === name));
if (missing.length > 0) notes.push(`parts that were not run yet: ${missing.join(", ")}`);
const record = await writeRecord("soak", {
  question:
    "Do the long forms hold, does memory stay flat, is nothing lost when processes are killed, and does a store keep what it acknowledged?",
  rows,
  targets: [...targets, { name: "parts that failed", value: failed, goal: 0, better: "lower" }],
  notes,
});
console.log(formatRecord(record));
process.exitCode = failed === 0 ? 0 : 1;
