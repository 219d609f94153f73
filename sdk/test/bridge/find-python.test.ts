import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnosePython, findPython } from "../../bridge/find-python.ts";
import { ProcessStartError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";

function makeEnvironment(...parts: string[]): { folder: string; python: string } {
  const folder = mkdtempSync(join(tmpdir(), "find-python-"));
  const bin = join(folder, ...parts, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "python"), "");
  return { folder, python: join(bin, "python") };
}

const empty = mkdtempSync(join(tmpdir(), "no-repository-"));

describe("findPython", () => {
  it("takes GRYM_PYTHON before the repository's own, and that before VIRTUAL_ENV", () => {
    const repository = makeEnvironment(".venv");
    const active = makeEnvironment();
    const env = { GRYM_PYTHON: active.python, VIRTUAL_ENV: active.folder };
    expect(findPython(env, repository.folder)).toBe(active.python);
    expect(findPython({ VIRTUAL_ENV: active.folder }, repository.folder)).toBe(repository.python);
    expect(findPython({ VIRTUAL_ENV: active.folder }, empty)).toBe(active.python);
  });

  it("leaves a bare command to the search path", () => {
    expect(findPython({ GRYM_PYTHON: "python3.12" }, empty)).toBe("python3.12");
  });

  it.each([
    [{ GRYM_PYTHON: "/no/such/python" }, "GRYM_PYTHON"],
    [{ VIRTUAL_ENV: "/no/such/folder" }, "VIRTUAL_ENV"],
    [{}, "has not been made yet"],
  ])("does not pass over a wrong setting, and says what to run: %o", (env, reason) => {
    const find = (): string => findPython(env, empty);
    expect(find).toThrow(ProcessStartError);
    expect(find).toThrow(reason);
    expect(find).toThrow("npm run setup");
  });
});

describe("diagnosePython", () => {
  const answers = (value: unknown): string =>
    `console.log(${JSON.stringify(JSON.stringify(value))})`;

  it.each([
    [answers({ version: [3, 8, 10], found: true }), "Python 3.8.10; 3.11 or newer"],
    [answers({ version: [3, 12, 1], found: false }), "no package `gama_operations`"],
    [answers({ version: [3, 12, 1], found: true }), "ended before it was ready"],
    ["process.exit(1)", "ended before it was ready"],
  ])("names the fault", async (source, reason) => {
    const diagnosis = await diagnosePython(fakePython(source));
    expect(diagnosis).toContain(reason);
    expect(diagnosis).toContain("npm run setup");
  });

  it("tells a missing program from a file that may not run", async () => {
    const file = join(empty, "python");
    writeFileSync(file, "");
    expect(await diagnosePython("no-such-python-at-all")).toContain("no such program");
    expect(await diagnosePython(file)).toContain("may not be executed");
  });
});
