import { describe, expect, it } from "vitest";
import { StudyReport, type StudyResults } from "../../../compare/index.ts";
import { RESULTS, sourceOf, withPrimary } from "./fixture.ts";

const search = {
  reason: null,
  arms: ["gama-tiny", "fbank"],
  nearest: 5,
  planted: 24,
  plantedFound: 23,
  candidates: 31,
  alike: 30,
};

function read(change: Partial<StudyResults>): { weak: string; text: string } {
  const report = new StudyReport(sourceOf(change));
  const text = report.html.replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
  return { weak: report.sentences[1], text };
}

describe("what a report says of leakage", () => {
  it("is also how it was looked for, and how much of it would have been found", () => {
    const { text } = read({ duplicateSearch: search });
    expect(text).toContain("Nothing was found on both sides of a split");
    expect(text).toContain(
      "31 pairs whose features are near (gama-tiny and fbank; of each clip the 5 nearest on other sides): 30 of them",
    );
    expect(text).toMatch(/Of 24 copies .* 23 were found\. Not found are copies at another speed/);
  });

  it("is why it was not looked for", () => {
    const duplicateSearch = { ...search, reason: "no arm has features" };
    expect(read({ duplicateSearch }).text).toContain("not looked for: no arm has features.");
  });
});

describe("other draws of the folds", () => {
  const pair = { a: "gama-tiny", b: "wav2vec2-tiny", task: "linear", metric: "accuracy" } as const;
  const of = (...differences: number[]): StudyResults["spread"] => {
    const others = differences.map((difference, seed) => {
      return { seed, difference, scoreA: 0.5 + difference, scoreB: 0.5 };
    });
    return [{ ...pair, others }];
  };
  const verdicts = withPrimary({ ...pair, difference: 0.042 });

  it("stand beside the declared difference, from the lowest to the highest", () => {
    const { text, weak } = read({ verdicts, spread: of(0.031, 0.05, 0.012) });
    expect(text).toContain("+3.1, +5.0, +1.2 +1.2 +5.0");
    expect(text).toContain("not pooled into the interval");
    expect(weak).not.toContain("other sign");
  });

  it("weaken the result where one of them has the other sign", () => {
    const { weak } = read({ verdicts, spread: of(0.031, -0.01, 0.012) });
    expect(weak).toContain(
      "under 1 of 3 other draws of the folds the difference of gama-tiny and wav2vec2-tiny on linear has the other sign",
    );
  });

  it("are not shown where folds were given", () => {
    expect(read({ spread: [] }).text).not.toContain("Other folds");
  });
});

describe("answers that nobody understood", () => {
  it("weaken the result where an arm gave them, and not where a baseline did", () => {
    const tasks = (arm: string): StudyResults["tasks"] =>
      RESULTS.tasks.map((task) => ({
        ...task,
        arms: task.arms.map((each) =>
          each.arm === arm ? { ...each, counts: { ...each.counts, unmapped: 40 } } : each,
        ),
      }));
    expect(read({ tasks: tasks("fbank") }).weak).not.toContain("not understood");
    expect(read({ tasks: tasks("gama-tiny") }).weak).toContain("80 answers failed");
  });
});

describe("labels of one source", () => {
  it("weaken the result where probes are tested on other sources than they learn from", () => {
    const classes = RESULTS.classes.map((row, at) => ({ ...row, sources: at === 0 ? 1 : 3 }));
    const labels = new Set(classes.map(({ label }) => label)).size;
    expect(read({ classes }).weak).toContain(
      `1 of ${labels} labels has one source, so that no held-out probe can name it`,
    );
    const tasks = RESULTS.tasks.map((task) => ({ ...task, folds: null }));
    expect(read({ classes, tasks }).weak).not.toContain("one source");
  });
});

describe("a margin", () => {
  it("has its tests and its interval beside it, and is not there where none was declared", () => {
    const marginInterval = { low: -0.011, high: 0.095, level: 0.9, method: "cluster jackknife" };
    const verdicts = withPrimary({
      margin: 0.02,
      marginInterval,
      pNotWorse: 0.012,
      pNotBetter: 0.7,
    });
    const { text } = read({ verdicts });
    expect(text).toMatch(/Against the margin .* 2\.0 \.012 \.700 \[−1\.1,\s\+9\.5\] 90 %/);
    const none = withPrimary({ margin: null, marginInterval: null });
    expect(read({ verdicts: none }).text).not.toContain("Against the margin");
  });
});
