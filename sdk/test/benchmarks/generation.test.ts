import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const weights = join(repository, "python", "weights", "gama-tiny", "model.safetensors");
const script = join(repository, "benchmarks", "generation.ts");

describe.skipIf(!existsSync(weights))("the benchmark generation (skipped without weights)", () => {
  it("in a quick run: the answers are the same with and without what is kept", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--no-warnings", script, "--quick"],
      { cwd: repository, encoding: "utf8", timeout: 280_000 },
    );
    expect(stderr).toBe("");
    expect(status).toBe(0);
    for (const way of ["follow-up, kept", "50 labels, one score", "description"]) {
      expect(stdout).toMatch(new RegExp(`\\| ${way} +\\| +1 \\|`));
    }
    expect(stdout).toMatch(/answers that differ with what is kept +\| +0 \| ≤ 0 +\| yes/);
  }, 300_000);
});
