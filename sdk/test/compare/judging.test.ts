import { afterAll, describe, expect, it } from "vitest";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import {
  anytime,
  type Comparison,
  type CostMeasurement,
  judge,
  judgeCost,
  powerCard,
} from "../../compare/index.ts";
import { bundleOf } from "../../display/bundle.ts";

const CLIPS = 60;
const groups = Array.from({ length: CLIPS }, (_, at) => `source-${Math.floor(at / 3)}`);
const good = groups.map((_, at) => at % 10 !== 0);
const bad = groups.map((_, at) => at % 3 === 0);
const comparison: Comparison = {
  a: "gama-tiny",
  b: "fbank",
  task: "linear",
  metric: "accuracy",
  groups,
  observed: { kind: "clips", a: good, b: bad },
};
const quick = { permutations: 199, resamples: 199 };

afterAll(async () => {
  await sharedBridge().shutdown();
});

/** Its text in a notebook. */
async function shownText(object: object): Promise<string> {
  return String((await bundleOf(object))["text/plain"]);
}

describe("judge", () => {
  it("says which arm is better, and whether the claim was shown", async () => {
    const primary = { ...comparison, family: "primary", claim: "not worse", margin: 0.02 } as const;
    const { verdicts, seconds } = await judge([primary, comparison], quick);
    const [declared, explored] = verdicts;
    expect(declared).toMatchObject({
      word: "better",
      claim: "not worse",
      shown: true,
      family: "primary",
      adjustedBy: "Holm",
      task: "linear",
      clips: CLIPS,
      sources: 20,
      onlyA: good.filter((right, at) => right && !bad[at]).length,
    });
    expect(declared?.supports).toEqual(["better", "not worse"]);
    expect(declared?.marginInterval?.level).toBeCloseTo(0.9);
    expect(declared?.beside.byClip?.level).toBe(0.95);
    expect(explored).toMatchObject({
      family: "exploratory",
      claim: null,
      shown: null,
      margin: null,
    });
    expect(seconds).toHaveLength(2);
  });

  it("shows the sentence first", async () => {
    const judgement = await judge([comparison], quick);
    const [verdict] = judgement.verdicts;
    if (verdict === undefined) throw new Error("no verdict");
    expect(verdict.sentence).toMatch(/^gama-tiny is better than fbank on linear, accuracy/);
    expect((await shownText(verdict)).startsWith(verdict.sentence)).toBe(true);
    expect(await shownText(judgement)).toContain(verdict.sentence);
    expect(JSON.stringify(verdict)).not.toContain("memory");
  });

  it("takes labels, word errors, tags and clusters", async () => {
    const truth = groups.map((_, at) => (at % 2 === 0 ? "dog" : "rain"));
    const said = truth.map((label, at) => (at % 5 === 0 ? "unmapped" : label));
    const tags = Uint8Array.from({ length: 2 * CLIPS }, (_, at) => Number(at % 4 < 2));
    const scores = Float64Array.from(tags, (tag, at) => tag + Math.sin(at));
    const words = groups.map(() => 5);
    const { verdicts } = await judge(
      [
        { ...comparison, observed: { kind: "answers", truth, a: truth, b: said } },
        {
          ...comparison,
          observed: { kind: "word errors", a: words.map((_, at) => at % 2), b: words, words },
        },
        {
          ...comparison,
          task: "tags",
          observed: { kind: "tags", tags, a: scores, b: scores.toReversed(), shape: [CLIPS, 2] },
        },
        {
          ...comparison,
          task: "clustering",
          observed: {
            kind: "clusters",
            labels: truth,
            a: truth.map((label) => Number(label === "dog")),
            b: groups.map((_, at) => at % 3),
          },
        },
      ],
      quick,
    );
    const [answers, errors, tagged, clustered] = verdicts;
    expect(answers).toMatchObject({ scoreA: 1, lowerIsBetter: false });
    expect(errors).toMatchObject({ scoreB: 1, lowerIsBetter: true, word: "better" });
    expect(errors?.scoreA).toBeCloseTo(0.1, 9);
    expect(tagged).toMatchObject({ task: "tags", onlyA: null });
    expect(tagged?.scoreA).toBeGreaterThan(tagged?.scoreB ?? 1);
    expect(clustered).toMatchObject({ task: "clustering", scoreA: 1 });
  });

  it("refuses a claim without its margin", async () => {
    const call = judge([{ ...comparison, claim: "equivalent" }]);
    await expect(call).rejects.toMatchObject({ code: "invalid_request" });
  });
});

it("a power card says which difference a data set can show", async () => {
  const sizes = Array.from({ length: 30 }, () => 4);
  const assumed = { discordances: [0.2], correlations: [0, 0.33] };
  const card = await powerCard({ sizes, margin: 0.1, ...assumed });
  expect(card).toMatchObject({ clips: 120, sources: 30, margin: 0.1, reason: null, pilot: null });
  expect(card.rows).toHaveLength(2);
  expect(card.rows[0]?.powerAtMargin).toBeGreaterThan(0.5);
  expect(await shownText(card)).toMatch(/^120 clips of 30 sources/);
  const pilot = { a: good, b: bad, groups };
  const piloted = await powerCard({ sizes: [1, 2, 3], pilot });
  expect(piloted.pilot?.clips).toBe(CLIPS);
  expect(piloted.reason).toContain("3 source(s)");
  expect(await shownText(piloted)).toContain("3 source(s)");
});

it("a run that is looked at after every source may stop when its evidence suffices", async () => {
  const sums = Array.from({ length: 12 }, () => 1);
  const evidence = await anytime({ sums, sizes: sums, largest: 1, rightOrWrong: true });
  expect(evidence.e).toHaveLength(12);
  expect(evidence.rejectedAt).toBeLessThan(12);
  expect(await shownText(evidence)).toMatch(/^A difference is shown: after \d+ sources/);
});

it("costs are judged against what one arm differs from itself", async () => {
  const measurements = (["aa", "ab"] as const).flatMap((phase) =>
    Array.from({ length: 24 }, (_, at): CostMeasurement => {
      const arm = at % 2 === 0 ? "a" : "b";
      const value = (phase === "ab" && arm === "a" ? 2 : 1) * (1 + 0.01 * Math.sin(7 * at));
      const block = Math.floor(at / 2);
      return {
        metric: "latency (ms)",
        unit: "block",
        phase,
        arm,
        process: 0,
        block,
        value,
        seconds: at,
      };
    }),
  );
  const { verdicts } = await judgeCost({ a: "one", b: "two", measurements });
  const [verdict] = verdicts;
  if (verdict === undefined) throw new Error("no verdict");
  expect(verdict).toMatchObject({ a: "one", b: "two", word: "higher", unit: "block", units: 12 });
  expect(verdict.ratio).toBeCloseTo(2, 1);
  expect(verdict.noise?.p).toBeGreaterThan(0);
  expect((await shownText(verdict)).startsWith(verdict.sentence)).toBe(true);
});
