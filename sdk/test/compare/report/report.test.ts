import { describe, expect, it } from "vitest";
import { StudyReport, type StudyResults } from "../../../compare/index.ts";
import { firstTable, pageOf, RESULTS, sourceOf, textOf, withPrimary } from "./fixture.ts";

const [primary] = RESULTS.verdicts;
if (primary === undefined) throw new Error("the fixture has no verdict");

describe("the report of a study", () => {
  it("says in two sentences what was found and what weakens it, then shows one table", () => {
    const report = new StudyReport(sourceOf());
    const [found, weak] = report.sentences;
    expect(found.replaceAll("\u00a0", " ")).toBe(primary.sentence);
    expect(weak).toContain("gama-tiny was trained with labels of these classes");
    const { html } = report;
    const order = [found, "what weakens it", "<table", "<details"].map((each) =>
      html.indexOf(each.replaceAll("'", "&#39;")),
    );
    expect(order).toEqual(order.toSorted((one, other) => one - other));
    expect(Math.min(...order)).toBeGreaterThan(0);
  });

  it("shows the numbers of the results, arm by arm", () => {
    const [head = [], ...rows] = firstTable(pageOf());
    const cell = (row: string[], name: string): string => row[head.indexOf(name)] ?? "";
    const expected = RESULTS.tasks.flatMap(({ task, arms }) =>
      arms.map(({ value, interval }) => [
        task,
        (100 * value).toFixed(1),
        `[${(100 * (interval?.low ?? 0)).toFixed(1)}, ${(100 * (interval?.high ?? 0)).toFixed(1)}]`,
      ]),
    );
    const shown = rows.map((row) =>
      ["task", "score", "95 % interval"].map((name) => cell(row, name)),
    );
    expect(shown).toEqual(expected);
    const size = (100 * primary.difference)
      .toFixed(1)
      .replace(/^(?=\d)/, "+")
      .replace("-", "−");
    expect(rows.map((row) => cell(row, "Δ, points"))).toContain(size);
  });

  it("says of an undecided verdict what could have been seen", () => {
    const sentence =
      "Undecided between a and b on linear, accuracy: +1.0 points [-4.0, +6.0]; could have seen a difference of 7.1 points or more.";
    const verdicts = withPrimary({ word: "undecided", sentence, couldHaveSeen: 0.071 });
    const report = new StudyReport(sourceOf({ verdicts }));
    expect(report.sentences[0]).toBe(sentence.replace("[-4.0", "[−4.0"));
    expect(textOf(report.html)).toMatch(/could have seen .* 7\.1 /);
  });

  it("puts the reason where an interval would stand below 10 sources", () => {
    const why = "3 source(s), at least 10 are needed";
    const reason = `no interval and no test: ${why}`;
    const tasks = RESULTS.tasks.map((task) => ({
      ...task,
      arms: task.arms.map((arm) => ({ ...arm, interval: null, reason })),
    }));
    const verdicts = withPrimary({ interval: null, reason, test: null, p: null, pAdjusted: null });
    const page = pageOf({ tasks, verdicts });
    const [head = [], ...rows] = firstTable(page);
    for (const row of rows) expect(row[head.indexOf("95 % interval")]).toBe(`none: ${why}`);
    expect(new StudyReport(sourceOf({ tasks, verdicts })).sentences[1]).toContain(reason);
    const without = RESULTS.verdicts.map((it) => ({ ...it, interval: null, reason }));
    expect(textOf(pageOf({ verdicts: without }))).toContain(`open: explored. All: ${reason}.`);
  });

  it("counts clips that were left out by reason, and names the first of them", () => {
    const ids = Array.from({ length: 8 }, (_, at) => `clip-${at}`);
    const { data, tasks } = RESULTS;
    const excluded = [
      ...ids.map((id) => ({ id, reason: "no `class`", tasks: tasks.map(({ task }) => task) })),
      { id: "clip-0", reason: "no other source", tasks: ["knn" as const] },
    ];
    const changed = { data: { ...data, excluded } };
    const text = textOf(pageOf(changed));
    expect(text).toContain("Left out: 8 clips (8 of the study: no `class`; 1 of knn: no other");
    expect(text).toContain("clip-4, clip-5 and 2 more");
    expect(new StudyReport(sourceOf(changed)).sentences[1]).toContain("8 clips left out");
    expect(textOf(pageOf({}))).not.toContain("Clips left out");
  });

  it("says that clips of the authors' validation split trained, and how many", () => {
    const splits = { train: 20, valid: 4, test: 24 };
    const tasks = RESULTS.tasks.map((task) => ({
      ...task,
      folds: { count: 1, by: "official" as const, seed: null, splits },
    }));
    expect(textOf(pageOf({ tasks }))).toContain(
      "official: 20 clips of training and 4 of validation train, 24 test",
    );
  });

  it("tells what the arms have in common once, and what differs arm by arm", () => {
    const byArm = { "gama-tiny": "5 s", "wav2vec2-tiny": "9 s", fbank: "9 s" };
    const same = { "gama-tiny": "16 kHz", "wav2vec2-tiny": "16 kHz", fbank: "16 kHz" };
    const fairness = [
      { what: "seconds", ok: false, byArm, note: null },
      { what: "rate", ok: true, byArm: same, note: null },
    ];
    const text = textOf(pageOf({ fairness }));
    expect(text).toContain("seconds ✗ gama-tiny: 5 s; wav2vec2-tiny and fbank: 9 s rate ✓ 16 kHz");
  });

  it("names an unfair condition in its first sentence and on its first line", () => {
    const fairness = [
      { what: "same seconds heard", ok: false, byArm: { "gama-tiny": "40 s" }, note: null },
    ];
    const report = new StudyReport(sourceOf({ fairness }));
    expect(report.sentences[0]).toMatch(/^Not a fair comparison \(same seconds heard\): /);
    expect(textOf(report.html)).toContain("Fairness: 1 of 1 condition broken (same seconds heard)");
  });

  it("says first that each clip stands for itself where nobody names sources", () => {
    const data = { ...RESULTS.data, clusterBy: null };
    expect(new StudyReport(sourceOf({ data })).sentences[0]).toMatch(
      /^Each clip counted as its own/,
    );
  });

  it("says in words of a model that it is not shown to beat mel statistics", () => {
    const verdicts = RESULTS.verdicts.map((it) =>
      it.b === "fbank" && it.task === "linear" && it.a === "gama-tiny"
        ? { ...it, word: "undecided" as const, difference: 0.021, interval: null }
        : it,
    );
    const report = new StudyReport(sourceOf({ verdicts }));
    expect(report.sentences[1]).toContain(
      "gama-tiny is not shown to beat mel statistics (fbank on linear)",
    );
    expect(textOf(report.html)).toContain(
      "gama-tiny is not shown to beat mel statistics (fbank) on linear: undecided, +2.1 points.",
    );
  });

  it("reads a verdict from the other arm's side where it was stored so", () => {
    const [{ a, b, difference } = primary] = RESULTS.verdicts;
    const turned = { ...primary, a: b, b: a, difference: -0.25, word: "worse" as const };
    const [head = [], ...rows] = firstTable(pageOf({ verdicts: [turned] }));
    const row = rows.find((cells) => cells[head.indexOf("arm")]?.startsWith(b));
    expect(row?.[head.indexOf("Δ, points")]).toBe("−25.0");
    expect(difference).not.toBe(-0.25);
  });

  it("tells in its first table what an arm costs, from either side, in brackets where that is undecided", () => {
    const cellsOf = (change: Partial<StudyResults>, arm: string): string[] => {
      const [head = [], ...rows] = firstTable(pageOf(change));
      const row = rows.find((cells) => cells[head.indexOf("arm")]?.startsWith(arm)) ?? [];
      return ["latency ×", "peak ×"].map((name) => (row[head.indexOf(name)] ?? "").trim());
    };
    expect(cellsOf({}, "gama-tiny")).toEqual(["0.626", "0.626"]);
    const [latency, peak] = RESULTS.cost ?? [];
    if (latency === undefined || peak === undefined) throw new Error("the fixture has two metrics");
    const turned = { ...latency, a: latency.b, b: latency.a, ratio: 2 };
    const cost = [turned, { ...peak, word: "undecided" as const, ratio: 1.01 }];
    expect(cellsOf({ cost }, "gama-tiny")).toEqual(["0.500", "(1.01)"]);
    expect(cellsOf({ cost }, "fbank")).toEqual(["", ""]);
    expect(firstTable(pageOf({ cost: null }))[0]).not.toContain("latency ×");
  });

  it("says how cost was measured, what disturbed it, and why there is no energy", () => {
    const { costRun } = RESULTS;
    if (costRun === null) throw new Error("the fixture has one");
    expect(textOf(pageOf())).toContain(
      "Measured in 5 pairs of fresh processes, 4 blocks each, in the order ABBA or BAAB by seed",
    );
    expect(textOf(pageOf())).toContain("Nothing was disturbed.");
    const voids = [{ phase: "ab" as const, incarnation: 3, reason: "the process died" }];
    const text = textOf(pageOf({ costRun: { ...costRun, voids } }));
    expect(text).toContain("measured again as a whole: ab 3 (the process died).");
    expect(text).toContain("Energy: n/a, no RAPL counter is in /sys/class/powercap.");
  });

  it("has no plane without costs, and says that none were measured", () => {
    const report = new StudyReport(sourceOf({ cost: null }));
    expect(report.sentences[1]).toMatch(/^Cost was not measured; /);
    expect(report.html).not.toContain("Cost and quality");
    expect(pageOf()).toContain("Cost and quality");
  });

  it("shows every class, every won confusion and every deciding clip", () => {
    const text = textOf(pageOf());
    for (const { label } of RESULTS.classes) expect(text).toContain(label);
    for (const { clip } of RESULTS.deciding) expect(text).toContain(clip);
    expect(RESULTS.confusions.length).toBeGreaterThan(0);
    expect(text).toContain("taken for");
  });
});
