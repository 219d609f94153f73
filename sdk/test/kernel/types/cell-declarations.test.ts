import { expect, test } from "vitest";
import { cellFacts } from "../../../kernel/types/cell-declarations.ts";

const kindsOf = (source: string): Record<string, string> =>
  Object.fromEntries(cellFacts(source).declared.map(({ name, kind }) => [name, kind]));

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
  const { declared } = cellFacts("export const a = 1; export default function b() {}");
  expect(declared.map(({ name, isExported }) => [name, isExported])).toEqual([
    ["a", true],
    ["b", false],
  ]);
});

test("a class and an interface of one name are one", () => {
  expect(kindsOf("class A {} interface A { b: 1 }")).toEqual({ A: "entity" });
});

test("a text that is being written declares what its whole lines declare", () => {
  expect(kindsOf("const a = 1;\na.")).toEqual({ a: "const" });
});

test("what a cell exports from modules it declares, and binds for itself", () => {
  const source =
    'export { a, default as b, "c d" as e, default } from "x"; export * as f from "./y";' +
    'export type { G } from "z";';
  const { declared, bindings, packages } = cellFacts(source);
  expect(declared.map(({ name, kind, isExported }) => [name, kind, isExported])).toEqual([
    ["a", "entity", true],
    ["b", "entity", true],
    ["e", "entity", true],
    ["f", "entity", true],
    ["G", "type", true],
  ]);
  expect(bindings).toEqual([
    'import { "a" as a, "default" as b, "c d" as e } from "x";',
    'import * as f from "./y";',
    'import type { "G" as G } from "z";',
  ]);
  expect(packages).toEqual(["x", "z"]);
});

test("JSX is a language of its own, and a cast is not", () => {
  expect(cellFacts("const a = <b>{1}</b>")).toMatchObject({
    language: "tsx",
    declared: [{ name: "a" }],
  });
  expect(cellFacts("const a = <any>1").language).toBe("ts");
});
