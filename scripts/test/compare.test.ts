import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "npm-compare-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** As `npm run compare` does once everything is set up (scripts/run.mjs). */
function run(...args: string[]) {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const [, , ...command] = scripts["compare"]?.split(" ") ?? [];
  const argv = ["--import", "tsx", ...command, ...args];
  return spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8" });
}

describe("npm run compare", () => {
  test("is `grym-synth compare`", () => {
    const { status, stderr } = run("--a", "fbank");
    expect(status).toBe(2);
    expect(stderr).toContain("--a and --b are needed");
    expect(stderr).toContain("Usage: grym-synth compare");
  });

  test("loads a study file that lies outside of the repository", () => {
    const file = join(folder, "study.ts");
    writeFileSync(file, "const answer = 42;\nexport default answer;\n");
    const { status, stderr } = run(file);
    expect(status).toBe(1);
    expect(stderr).toContain(`${file}: its default export: a study is an object, this is 42`);
  });

  test("names the line of a study file that throws", () => {
    const file = join(folder, "throws.ts");
    writeFileSync(
      file,
      'interface A { b: 1 }\n\nexport default () => {\n  throw new Error("no");\n};',
    );
    expect(run(file).stderr).toContain(`${file}:4: its function threw: no`);
  });
});
