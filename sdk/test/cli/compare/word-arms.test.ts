import { describe, expect, test } from "vitest";
import { openSamples } from "../../../../datasets/samples.ts";
import { candidatesOf } from "../../../cli/compare/word-arms.ts";
import { InvalidArgumentError } from "../../../errors.ts";

const samples = await openSamples();

describe("words to choose among", () => {
  test("are the data set's phrases for its classes, and for other labels their values", () => {
    expect(candidatesOf(samples, "class")).toMatchObject({
      alarm: "an alarm",
      rain: "rain",
      reed: "a reed instrument",
    });
    expect(candidatesOf(samples, "loudness")).toEqual({
      loud: "loud",
      medium: "medium",
      quiet: "quiet",
    });
  });

  test("follow a template, which says the label itself", () => {
    const words = candidatesOf(samples, "class", "{}, a sound of {}");
    expect(words["reed"]).toBe("reed, a sound of reed");
  });

  test("are the labels where a data set has no phrases", () => {
    const { phrases: _, ...bare } = samples;
    expect(candidatesOf(bare, "class")["church bell"]).toBe("church bell");
  });

  test("need two to choose between", () => {
    const rows = samples.rows.filter(({ labels }) => labels.class === "dog");
    expect(() => candidatesOf({ ...samples, rows }, "class")).toThrow(InvalidArgumentError);
    expect(() => candidatesOf(samples, "mood")).toThrow("clips of samples have none");
  });
});
