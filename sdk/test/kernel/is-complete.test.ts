import { describe, expect, it } from "vitest";
import { isComplete } from "../../kernel/is-complete.ts";

describe("isComplete", () => {
  it.each([
    ["<b>hi</b>", "complete"],
    ["@noted class A { accessor x = 1 }", "complete"],
    ["const f = <T>(x: T) => x", "complete"],
    ["<b>hi</b", "incomplete"],
    ["@noted class A {", "incomplete"],
    ["const a = b < 3 &&", "incomplete"],
    ["const a = b < ) 3", "invalid"],
    ["<b>hi</b> )", "invalid"],
  ])("judges %s as %s", (code, expected) => {
    expect(isComplete(code)).toBe(expected);
  });
});
