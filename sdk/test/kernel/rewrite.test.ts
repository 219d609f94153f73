import { Script } from "node:vm";
import { describe, expect, it } from "vitest";
import { rewriteCell } from "../../kernel/rewrite.ts";

/** Helpers that stand in for the kernel's where a test only looks at values. */
const PLAIN_HELPERS = {
  wait: (value: unknown) => value,
  each: (values: unknown) => values,
  imported: (importer: (specifier: string) => unknown, specifier: string) => importer(specifier),
  checked: (module: unknown) => module,
  own: {},
};

/** Runs a rewritten cell in this process; its result without the box. */
async function run(source: string): Promise<unknown> {
  const cell = rewriteCell(source);
  for (const name of cell.declares) {
    Object.defineProperty(globalThis, name, {
      value: undefined,
      writable: true,
      configurable: true,
    });
  }
  const body = new Script(cell.code).runInThisContext() as (
    helpers: typeof PLAIN_HELPERS,
  ) => Promise<[unknown] | undefined>;
  return (await body(PLAIN_HELPERS))?.[0];
}

describe("rewriteCell", () => {
  it("returns the last expression and nothing for a declaration", async () => {
    expect(await run("1; 2 + 3")).toBe(5);
    expect(await run("'use strict'")).toBe("use strict");
    expect(await run("const a = 1;")).toBeUndefined();
    expect(await run("namespace N { export const k = 1 }")).toBeUndefined();
  });

  it("declares what the cell declares at its top level, and nothing from inside", () => {
    const { declares } = rewriteCell(`
      import d, { a as b, type T } from "x";
      const { p, q: [r] } = o; let u; var v; class C {} function f() { var inner = 1 }
      enum E { A }
      { let block = 1; var lifted = 2 }
      export const exported = 1;
      interface I {}
    `);
    expect(declares.toSorted()).toEqual(
      ["C", "E", "b", "d", "exported", "f", "lifted", "p", "r", "u", "v"].toSorted(),
    );
  });

  it("drops type imports and keeps imports that this cell does not use", () => {
    const { code } = rewriteCell('import type { A } from "a"; import { type B, c } from "b";');
    expect(code).not.toContain('"a"');
    expect(code).toContain('({"c": c} = await __grym.checked(');
  });

  it("imports JSON without asking for its attribute", () => {
    expect(rewriteCell('import data from "./d.json"').code).toContain('{with: {type: "json"}}');
  });

  it("imports before everything else and defines functions before the rest", () => {
    const { code } = rewriteCell('first(); function late() {} import "side";');
    expect(code.indexOf('"side"')).toBeLessThan(code.indexOf("late = function"));
    expect(code.indexOf("late = function")).toBeLessThan(code.indexOf("first()"));
  });

  it("keeps a name of Node beside the global", () => {
    const nodeGlobals = new Set(["crypto"]);
    const first = rewriteCell("const crypto = 1;", nodeGlobals);
    expect(first.declares).toEqual([]);
    expect(first.keeps).toEqual(["crypto"]);
    const later = rewriteCell("crypto + 1", nodeGlobals, new Set(first.keeps));
    expect(later.code).toContain("__grym.own.crypto + 1");
    expect(rewriteCell("crypto + 1", nodeGlobals).code).not.toContain("__grym.own");
    expect(rewriteCell("crypto ??= 1", nodeGlobals).keeps).toEqual(["crypto"]);
    expect(rewriteCell("[crypto] = [1]; for (crypto of []);", nodeGlobals).keeps).toEqual([
      "crypto",
    ]);
  });

  it.each([
    ["(crypto) => crypto"],
    ["({ crypto: 1 }).crypto"],
    ["function f() { return crypto; var crypto }"],
    ["{ const crypto = 1; crypto }"],
    ["for (const crypto of []) crypto"],
    ["try {} catch (crypto) { crypto }"],
    ["(class crypto { static m() { return crypto } })"],
    ["crypto: for (;;) break crypto"],
    ["export { crypto } from 'x'", ["crypto"]],
  ])("takes %s for no use of a name beside the globals", (code, keeps: string[] = []) => {
    const cell = rewriteCell(code, new Set(["crypto"]), new Set());
    expect(cell.keeps).toEqual(keeps);
    const later = rewriteCell(code, new Set(), new Set(["crypto"]));
    expect(later.code).not.toContain("__grym.own");
  });

  it.each([
    ["({ crypto })", "({ crypto: __grym.own.crypto })"],
    ["({ crypto = 1 } = {})", "{crypto: __grym.own.crypto = 1} = {}"],
    ["crypto()", "(0, __grym.own.crypto)()"],
    ["(a = crypto) => a[crypto]", "(a = __grym.own.crypto) => a[__grym.own.crypto]"],
    ["await crypto", "await __grym.wait(__grym.own.crypto)"],
    ["crypto++", "__grym.own.crypto++"],
  ])("takes %s for a use of such a name", (code, expected) => {
    expect(rewriteCell(code, new Set(), new Set(["crypto"])).code).toContain(expected);
  });

  it("lets an interrupt reject every await of the cell, nested ones too", () => {
    const { code } = rewriteCell(
      "const f = async () => { await await g(); }; for await (const x of y) {}",
    );
    expect(code).toContain("await __grym.wait(await __grym.wait(g()))");
    expect(code).toContain("__grym.each(y)");
  });

  it("keeps the meaning of the code that it rewrites", async () => {
    expect(await run("let n = 0; for (var i = 0; i < 3; i++) n += i; [n, i]")).toEqual([3, 3]);
    expect(await run("const f = () => 1; f.name")).toBe("f");
    expect(await run("function g() {} g.name")).toBe("g");
    expect(await run("class K { static self = K } K.self === K")).toBe(true);
    expect(await run("let a; let b = 2, c; [a, b, c]")).toEqual([undefined, 2, undefined]);
    expect(await run("const o = {x: [1, 2]}; const {x: [, y]} = o; y")).toBe(2);
    expect(await run("enum E { A = 1 } enum E { B = 2 }\n[E.A, E.B]")).toEqual([1, 2]);
    expect(await run("export default 5; export { }; 6")).toBe(6);
    expect(await run("(() => { try { undeclared = 1 } catch (e) { return e.name } })()")).toBe(
      "ReferenceError",
    );
  });

  it("refuses what is not TypeScript, with the place in the user's text", () => {
    expect(() => rewriteCell("return 5")).toThrowError(/return/);
    expect(() => rewriteCell("const x = 1; const x = 2")).toThrowError(/already been declared/);
    expect(() => rewriteCell('"é";\nconst a: = 1')).toThrowError(
      expect.objectContaining({ name: "SyntaxError", position: { line: 2, column: 10 } }),
    );
  });
});
