import { expect, test } from "vitest";
import { declarationsOf, declarationsSoFar } from "../../../kernel/types/cell-declarations.ts";

const kindsOf = (source: string): Record<string, string> =>
  Object.fromEntries((declarationsOf(source) ?? []).map(({ name, kind }) => [name, kind]));

test("every way to declare a name is seen, with what a later cell may do with it", () => {
  expect(
    kindsOf(`
      import d, { a as b, type T } from "x"; import * as ns from "y"; import type { U } from "z";
      const { c, e: [f], ...g } = b; let h = 1; var i;
      function j() {} class K {} enum L { A } namespace M { export const x = 1 }
      interface N {} type O = N; declare const p: number;
      for (var q of []) { var r = 1 }
    `),
  ).toEqual({
    d: "entity", b: "entity", T: "entity", ns: "entity", U: "type",
    c: "const", f: "const", g: "const", h: "let", i: "let",
    j: "entity", K: "entity", L: "entity", M: "entity",
    N: "type", O: "type", p: "const", q: "let", r: "let",
  }); // biome-ignore format: rows of one kind
});

test("what stays inside a cell is not declared to others", () => {
  expect(kindsOf("using a = b(); { const c = 1; function d() {} } (() => { var e })")).toEqual({});
});

test("exported names are known as such, a default export by its own name", () => {
  const declared = declarationsOf("export const a = 1; export default function b() {}");
  expect(declared?.map(({ name, isExported }) => [name, isExported])).toEqual([
    ["a", true],
    ["b", false],
  ]);
});

test("a class and an interface of one name are one", () => {
  expect(kindsOf("class A {} interface A { b: 1 }")).toEqual({ A: "entity" });
});

test("a text that is being written declares what its whole lines declare", () => {
  expect(declarationsOf("const a = 1;\na.")).toBeUndefined();
  expect(declarationsSoFar("const a = 1;\na.").map(({ name }) => name)).toEqual(["a"]);
});
