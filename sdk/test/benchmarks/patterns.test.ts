import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const script = join(repository, "benchmarks", "patterns.ts");
const kept = join(repository, "benchmarks", "results", "patterns.json");

/** Runs the benchmark as `npm run bench` does. */
function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const argv = ["--no-warnings", script, ...args];
  return spawnSync(process.execPath, argv, { cwd: repository, encoding: "utf8", timeout: 120_000 });
}

function readKept(): string {
  return existsSync(kept) ? readFileSync(kept, "utf8") : "";
}

describe("the benchmark patterns", () => {
  it("in short: all three ways find the same at the smallest size, and the kept record stays", () => {
    const before = readKept();
    const { status, stdout, stderr } = run("--n", "2");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    for (const way of ["ours", "direct", "scan"]) {
      expect(stdout).toMatch(new RegExp(`\\| +1000 \\| ${way} +\\|`));
    }
    expect(stdout).toContain("store_upkeep_mean_ms");
    expect(stdout).toContain("bulk_upkeep_mean_ms");
    expect(stdout).toMatch(/recall@10, worst size +\| +1 \| ≥ 0\.99 +\| yes/);
    expect(readKept()).toBe(before);
  }, 150_000);

  it("refuses a number of searches that is none", () => {
    const { status, stderr } = run("--n", "many");
    expect(status).toBe(1);
    expect(stderr).toContain("--n has to be a whole number >= 1, got many");
  });
});
