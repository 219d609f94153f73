import { describe, expect, it } from "vitest";
import { labelMapper, mapLabel } from "../../compare/label-mapper.ts";
import { InvalidArgumentError } from "../../errors.ts";

const mapper = labelMapper(
  {
    bell: ["bell"],
    "church bell": ["church bell"],
    dog: ["dog", "dog that barks"],
    rain: ["rain"],
  },
  { frog: ["frog"] },
);

describe("a mapper of words to labels", () => {
  it.each([
    ["A dog.", "ok", "dog"],
    ["The DOG, that barks!", "ok", "dog"],
    ["I hear a church bell", "ok", "church bell"],
    ["a frog", "other", "frog"],
    ["a dog in the rain", "unmapped", null],
    ["a dog and a frog", "unmapped", null],
    ["dogs and training", "unmapped", null],
    ["", "unmapped", null],
  ])("takes %j as %s", (text, status, label) => {
    expect(mapLabel(text, mapper)).toEqual({ status, label });
  });

  it("has another digest with other phrases, and the same one whatever their order", () => {
    const phrases = { a: ["x"], b: ["y"] };
    expect(labelMapper(phrases).sha256).toBe(labelMapper({ b: ["y"], a: ["x"] }).sha256);
    expect(labelMapper(phrases).sha256).not.toBe(labelMapper({ ...phrases, a: ["z"] }).sha256);
  });

  it.each([
    ["of two labels", { a: ["the dog"], b: ["Dog!"] }],
    ["without words", { a: ["the"] }],
  ])("refuses a phrase %s", (_what, phrases) => {
    expect(() => labelMapper(phrases)).toThrow(InvalidArgumentError);
  });
});
