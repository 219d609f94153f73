import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const weights = join(repository, "python", "weights", "wav2vec2-tiny", "model.safetensors");
const script = join(repository, "benchmarks", "extraction.ts");

describe.skipIf(!existsSync(weights))("the benchmark extraction (skipped without weights)", () => {
  it("in a quick run: ours equals single clips, padding of a group-norm model does not", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--no-warnings", script, "--quick"],
      {
        cwd: repository,
        encoding: "utf8",
        timeout: 580_000,
        // threads that spin while others work take minutes
        env: { ...process.env, OMP_WAIT_POLICY: "PASSIVE" },
      },
    );
    expect(status, stderr).toBe(0);
    for (const model of ["gama-tiny", "wav2vec2-tiny", "wav2vec2 of base size"]) {
      for (const way of ["ours", "loop", "padded"]) {
        expect(stdout).toMatch(new RegExp(`\\| ${model} +\\| ${way} +\\| +1 \\|`));
      }
      expect(stdout).toMatch(new RegExp(`${model}: difference of ours .*\\| yes`));
    }
    const [, difference] =
      stdout.match(/\| wav2vec2-tiny +\| padded +\|.*\| +([\d.e-]+) +\|$/m) ?? [];
    expect(Number(difference)).toBeGreaterThan(1e-3);
  }, 600_000);
});
