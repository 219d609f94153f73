// npm run soak [-- --calls N]: the long forms of the tests, with a dated record.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, type RecordRow, writeRecord } from "../sdk/index.ts";
import { bridgeMemory } from "./soak/bridge-memory.ts";
import { patternCrashes } from "./soak/pattern-crashes.ts";

const root = join(import.meta.dirname, "..");
const python = join(root, ".venv", "bin", "python");
const KILLS = 20;
const digits = process.env["GRYM_DATA_FSDD"] ?? join(root, "..", "shared", "data", "fsdd");

/** Runs a command in the foreground; its row says whether it passed and how long it took. */
async function part(name: string, args: string[], env: Record<string, string>): Promise<RecordRow> {
  console.log(`\n── ${name}`);
  const started = performance.now();
  const child = spawn(python, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { part: name, passed: code === 0, seconds: (performance.now() - started) / 1000 };
}

/** The long form of a file of Python tests. */
async function simulations(name: string, file: string): Promise<RecordRow> {
  const options = ["-q", "-s", "-c", "python/pyproject.toml", "--rootdir", "python"];
  return await part(name, ["-m", "pytest", ...options, `python/tests/${file}`], { GRYM_SOAK: "1" });
}

const { values } = parseArgs({ options: { calls: { type: "string", default: "20000" } } });
const memory = await bridgeMemory(Number(values.calls));
const crashes = await patternCrashes(KILLS);
const rows = [
  ...memory.rows,
  ...crashes.rows,
  await simulations("statistics, long simulations", "test_statistics.py"),
  await simulations("clusters, verdicts of ten seeds", "test_clustering_stability.py"),
  await part("notebooks in full, shipped samples", ["scripts/notebooks.py"], {}),
];
const notes: string[] = [];
if (existsSync(digits)) {
  rows.push(
    await part("notebooks in full, digits", ["scripts/notebooks.py"], {
      GRYM_DATASET: `fsdd:${digits}`,
    }),
  );
} else notes.push("digits skipped: GRYM_DATA_FSDD is not set and no digits lie beside the clone");
const failed = rows.filter((row) => row["passed"] === false);
const record = await writeRecord("soak", {
  question:
    "Do the long forms hold, does memory stay flat, and does a store keep what it acknowledged?",
  rows,
  targets: [
    ...memory.targets,
    ...crashes.targets,
    { name: "parts that failed", value: failed.length, goal: 0, better: "lower" },
  ],
  notes,
});
console.log(formatRecord(record));
process.exitCode = failed.length === 0 ? 0 : 1;
