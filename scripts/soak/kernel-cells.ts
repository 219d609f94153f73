/** Does a kernel stay the same over 1,000 cells, and does it always stop, start and end? */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RecordRow, Target } from "../../sdk/index.ts";
import { flatMemory } from "./flat-memory.ts";

/** What test_soak.py has measured. */
interface Report {
  readonly cells: { count: number; secondTenthBytes: number; lastTenthBytes: number };
  readonly interrupts: { count: number; medianMs: number; maximumMs: number };
  readonly kernels: { count: number; left: number };
}

/** The long form of the kernel's soak tests; it throws where one fails. */
export async function kernelCells(
  python: string,
): Promise<{ rows: RecordRow[]; targets: Target[] }> {
  const folder = await mkdtemp(join(tmpdir(), "grym-kernel-soak-"));
  try {
    const path = join(folder, "report.json");
    await runTests(python, path);
    const report: Report = JSON.parse(await readFile(path, "utf8"));
    const { cells, interrupts, kernels } = report;
    return {
      rows: Object.entries(report).map(([what, measured]) => ({
        part: `kernel, ${what}`,
        ...measured,
      })),
      targets: [
        flatMemory("kernel", cells.secondTenthBytes, cells.lastTenthBytes),
        { name: "mixed cells", value: cells.count, goal: 1000, better: "higher" },
        { name: "spinning cells stopped", value: interrupts.count, goal: 100, better: "higher" },
        { name: "median interrupt, ms", value: interrupts.medianMs, goal: 200, better: "lower" },
        { name: "kernels ended", value: kernels.count, goal: 100, better: "higher" },
        { name: "processes left", value: kernels.left, goal: 0, better: "lower" },
      ],
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function runTests(python: string, report: string): Promise<void> {
  const driver = join(import.meta.dirname, "..", "..", "sdk", "test", "kernel", "driver");
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_soak.py"];
  const environment = {
    GRYM_SOAK: "1",
    GRYM_SOAK_REPORT: report,
    GRYM_TEST_NODE: process.execPath,
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const child = spawn(python, args, {
    cwd: driver,
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`It ended with code ${code}`);
}
