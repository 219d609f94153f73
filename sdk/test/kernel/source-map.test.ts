import { describe, expect, it } from "vitest";
import { rewriteCell } from "../../kernel/rewrite.ts";
import { lineStarts, originalPosition, positionAt } from "../../kernel/source-map.ts";

/** Place in the user's text of a marker in the script. */
function originOf(source: string, marker: string): { line: number; column: number } {
  const { code, map } = rewriteCell(source);
  return originalPosition(map, positionAt(lineStarts(code), code.indexOf(marker)));
}

describe("originalPosition", () => {
  it("finds the line behind removed types and comments", () => {
    const source = "interface A {\n  x: 1;\n}\n// comment\n\nconst a: A = { x: 1 };\nmarker(a);";
    expect(originOf(source, "marker")).toEqual({ line: 7, column: 1 });
  });

  it("finds the line of a function that was moved to the front", () => {
    const source = "before();\nconst x = 1;\nfunction moved(): void {\n  marker();\n}\nafter();";
    expect(originOf(source, "marker")).toEqual({ line: 4, column: 3 });
    expect(originOf(source, "after")).toEqual({ line: 6, column: 1 });
  });

  it("keeps columns in statements that were rewritten", () => {
    expect(originOf("const a = await first(), b = marker();", "marker")).toEqual({
      line: 1,
      column: 30,
    });
    expect(originOf("await one(await two(), marker())", "marker")).toEqual({ line: 1, column: 24 });
  });

  it("finds a result expression behind an inserted return", () => {
    expect(originOf("\n\n   marker()", "marker")).toEqual({ line: 3, column: 4 });
  });
});

describe("positionAt", () => {
  it("counts lines and columns from one", () => {
    const starts = lineStarts("ab\n\ncd");
    expect(starts).toEqual([0, 3, 4]);
    expect(positionAt(starts, 0)).toEqual({ line: 1, column: 1 });
    expect(positionAt(starts, 3)).toEqual({ line: 2, column: 1 });
    expect(positionAt(starts, 5)).toEqual({ line: 3, column: 2 });
  });
});
