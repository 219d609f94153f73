import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const script = join(repository, "benchmarks", "first-light.ts");
const kept = join(repository, "benchmarks", "results", "first-light.json");

/** Runs the benchmark as `npm run bench` does. */
function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const argv = ["--no-warnings", script, ...args];
  return spawnSync(process.execPath, argv, { cwd: repository, encoding: "utf8", timeout: 120_000 });
}

describe("the benchmark first-light", () => {
  it("in one round: all three ways give the same features, and the kept record stays", () => {
    const before = readFileSync(kept, "utf8");
    const { status, stdout, stderr } = run("--n", "1");
    expect(stderr).toBe("");
    expect(status).toBe(0);
    for (const way of ["arena", "seed", "json"]) {
      expect(stdout).toMatch(new RegExp(`\\| ${way} +\\| +1 \\|`));
    }
    expect(stdout).toMatch(/largest difference of features +\| +\S+ \| ≤ 0\.000001 +\| yes/);
    expect(readFileSync(kept, "utf8")).toBe(before);
  }, 150_000);

  it("refuses a number of rounds that is none", () => {
    const { status, stderr } = run("--n", "many");
    expect(status).toBe(1);
    expect(stderr).toContain("--n has to be a whole number >= 1, got many");
  });
});
