import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const script = join(repository, "benchmarks", "bridge.ts");
const kept = join(repository, "benchmarks", "results", "bridge.json");
const PATIENCE = 400_000;

function readKept(): string {
  return existsSync(kept) ? readFileSync(kept, "utf8") : "";
}

describe("the benchmark bridge", () => {
  it(
    "in short: every way of ours brings every payload there and back, and the kept record stays",
    () => {
      const before = readKept();
      // As `npm run bench` runs it; peers would be installed first.
      const argv = ["--no-warnings", script, "--quick", "--without-peers"];
      const { status, stdout } = spawnSync(process.execPath, argv, {
        cwd: repository,
        encoding: "utf8",
        timeout: PATIENCE,
      });
      expect(status).toBe(0);
      for (const payload of ["1 kB", "64 kB", "1.92 MB", "38.4 MB"]) {
        for (const direction of ["one-way", "echo"]) {
          const cell = `\\| ${payload} +\\| ${direction} +\\|`;
          for (const way of ["ours, reused buffers", "ours, fresh buffers"]) {
            expect(stdout).toMatch(new RegExp(`${cell} ${way} +\\| +[1-9]\\d* \\|`));
          }
          // On a machine that is busy with something else it may be too slow for the largest.
          const zeromq = "ZeroMQ, reused buffers +\\| +([1-9]\\d* \\||0 \\|.*skipped)";
          expect(stdout).toMatch(new RegExp(`${cell} ${zeromq}`));
        }
      }
      expect(stdout).toMatch(/seed, JSON arrays +\| +0 \| –.*skipped: about \S+ s a call/);
      expect(stdout).toContain("small call p50 / blocking line loop");
      const absent = [
        ["small call p50 / HTTP", "HTTP: not measured: Error: --without-peers"],
        ["ping p50 under tokens, ms", "this run leaves it out"],
        ["kill -9 to answer, over start and load (model: gama-tiny), ms", "this run leaves it out"],
      ] as const;
      for (const [target, reason] of absent) {
        const line = stdout.split("\n").find((text) => text.startsWith(`| ${target} `));
        expect(line).toMatch(/\| – +\| [≤≥] \S+ +\| NO, not measured: /);
        expect(line).toContain(reason);
      }
      expect(stdout).toMatch(/HTTP +\|.*not measured: Error: --without-peers/);
      expect(stdout).toContain("ping p50 under loop, ms");
      expect(stdout).toContain("kill -9 to answer, over start and load (model: none), ms");
      expect(readKept()).toBe(before);
    },
    PATIENCE,
  );
});
