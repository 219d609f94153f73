import { expect, test } from "vitest";
import { scriptPosition } from "../../kernel/debug/script-position.ts";
import { rewriteCell } from "../../kernel/rewrite.ts";

/** The script's text from where V8 is told to pause for a line. */
function codeAt(source: string, line: number): [line: number, code: string] | undefined {
  const { code, map } = rewriteCell(source);
  const found = scriptPosition(map, code, line);
  if (found === undefined) return undefined;
  const lines = code.split("\n").slice(found.script.line - 1);
  return [found.line, lines.join("\n").slice(found.script.column - 1)];
}

const CELL = [
  "interface Row { id: number }",
  "const rows: Row[] = [];",
  "",
  "function twice(n: number): number {",
  "  return 2 * n;",
  "}",
  "// a comment",
  "enum Kind { A }",
  'import { join } from "node:path";',
  "rows.length",
].join("\n");

test.each([
  [2, 2, "(rows = []"],
  [5, 5, "return 2 * n"],
  [10, 10, "return [rows.length"],
])("line %i begins where its statement does", (line, actual, start) => {
  const found = codeAt(CELL, line);
  expect(found?.[0]).toBe(actual);
  expect(found?.[1].startsWith(start), found?.[1].slice(0, 40)).toBe(true);
});

test.each([
  [1, 2],
  [3, 4],
  [7, 8],
  [9, 10], // an import is loaded before everything else
])("line %i has no statement of its own, and means the next that has", (line, actual) => {
  expect(codeAt(CELL, line)?.[0]).toBe(actual);
});

test("after the last line there is nowhere to stop", () => {
  expect(codeAt(CELL, 11)).toBeUndefined();
});
