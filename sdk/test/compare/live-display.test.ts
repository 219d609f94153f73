import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { liveView } from "../../compare/live-display.ts";
import { type Look, lookSentence } from "../../compare/look.ts";
import { listenAsKernel } from "../display/kernel-double.ts";

const look: Look = {
  a: "one",
  b: "<two>",
  task: "zero-shot",
  metric: "accuracy",
  sources: 45,
  of: 141,
  clips: 150,
  difference: 0.042,
  low: -0.03,
  high: 0.111,
  level: 0.95,
  e: 3.456,
  shownAt: 20,
  rejectedAt: null,
  stopping: "fixed",
};

describe("a look", () => {
  it("is a sentence with difference, confidence sequence, e-value, and what it is worth", () => {
    expect(lookSentence(look)).toBe(
      "one − <two>, zero-shot, accuracy, after 45 of 141 sources: +4.2 points [−3.0, +11.1] at 95 % at any " +
        "time; e = 3.46, a difference is shown at 20; for looking: the verdict is that of all sources",
    );
    const declared = lookSentence({ ...look, rejectedAt: 40, stopping: "anytime" });
    expect(declared).toMatch(/a difference is shown, since 40 sources$/);
  });
});

describe("the live view in a notebook", () => {
  let kernel: ReturnType<typeof listenAsKernel>;
  beforeEach(() => {
    kernel = listenAsKernel();
  });
  afterEach(() => kernel.stop());

  it("is one output that changes in place, a line for each comparison", () => {
    const view = liveView();
    view([look, { ...look, a: "three" }]);
    view([{ ...look, sources: 50 }]);
    const [first, second] = kernel.messages;
    expect(kernel.messages.map(({ update }) => update)).toEqual([false, true]);
    expect(second?.transient).toEqual(first?.transient);
    expect(String(first?.data["text/html"]).match(/<div>/g)).toHaveLength(2);
    expect(first?.data["text/html"]).toContain("&lt;two&gt;");
    expect(second?.data["text/plain"]).toContain("after 50 of 141 sources");
  });
});
