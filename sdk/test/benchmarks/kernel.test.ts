import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const script = join(repository, "benchmarks", "kernel.ts");
const kept = join(repository, "benchmarks", "results", "kernel.json");

/** Runs the benchmark as `npm run bench` does. */
function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const argv = ["--no-warnings", script, ...args];
  return spawnSync(process.execPath, argv, { cwd: repository, encoding: "utf8", timeout: 150_000 });
}

function readKept(): string {
  return existsSync(kept) ? readFileSync(kept, "utf8") : "";
}

describe("the benchmark kernel", () => {
  it("in short, without what would be installed: every number of ours is there, and the kept record stays", () => {
    const before = readKept();
    const { status, stdout, stderr } = run("--rounds", "1", "--kernels", "ours");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    const row = stdout.split("\n").find((line) => line.startsWith("| ours "));
    expect(row).toMatch(/^\| ours +(?:\| +[\d.]+ +){12}\|$/);
    expect(stdout).toMatch(/start to ready, tslab \/ ours +\| +– +\| ≥ 2 +\| NO, not measured/);
    expect(readKept()).toBe(before);
  }, 180_000);

  it("refuses a kernel that it does not know", () => {
    const { status, stderr } = run("--kernels", "none");
    expect(status).toBe(1);
    expect(stderr).toContain("expected some of ours, ours, types off, tslab, deno, ipykernel");
  });
});
