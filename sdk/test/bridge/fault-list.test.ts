/**
 * The list of faults that the bridge must withstand has 32 numbers; a test that shows one carries its
 * number: `it("7: …")` and `it("4, 5: …")` here, `def test_11_31_…` in Python.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const FAULTS = 32;
const OURS = /\b(?:it|test)(?:\.[\w.]+(?:\([^)]*\))?)*\(\s*["'`]((?:\d+, )*\d+): /g;
const PYTHON = /^def test_((?:\d+_)+)/gm;

function read(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

it("each of the 32 faults has a test that carries its number", () => {
  const python = join(import.meta.dirname, "..", "..", "..", "python", "tests");
  const named = [
    ...read(import.meta.dirname, /\.test\.ts$/).flatMap((text) => [...text.matchAll(OURS)]),
    ...read(python, /^test_.*\.py$/).flatMap((text) => [...text.matchAll(PYTHON)]),
  ];
  const found = new Set(named.flatMap((match) => (match[1]?.match(/\d+/g) ?? []).map(Number)));
  expect([...found].toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: FAULTS }, (_unused, index) => index + 1),
  );
});
