import { describe, expect, test } from "vitest";
import { readRequest } from "../../../cli/compare/compare-study.ts";
import { isUsageError } from "../../../cli/usage-error.ts";

const PAIR = ["--a", "wav2vec2-tiny", "--b", "fbank"] as const;

/** What reading the flags throws. */
function refusal(args: readonly string[]): unknown {
  try {
    return readRequest([...args]);
  } catch (error) {
    return error;
  }
}

describe("flags of compare", () => {
  test.each([
    [["--a", "fbank"], "--a and --b are needed"],
    [[...PAIR, "--task", "guess"], 'there is no task "guess"'],
    [[...PAIR, "--claim", "worse"], "--claim is one of superior, not-worse, equivalent, got worse"],
    [[...PAIR, "--claim", "equivalent"], "--claim equivalent needs --margin"],
    [[...PAIR, "--margin", "0"], "--margin is a share"],
    [[...PAIR, "--out", import.meta.filename], "--out is a folder, got "],
    [[...PAIR, "--margin", "2"], "--margin is a share, 0.02 for two points, got 2"],
    [[...PAIR, "--require", "best"], "--require is one of better, not-worse, equivalent"],
    [[...PAIR, "--folds", "1"], "--folds is a whole number from 2 on"],
    [[...PAIR, "--seed", ""], "--seed is a whole number from 0 on"],
    [[...PAIR, "--pooling", "max"], "--pooling is one of mean, mean_std"],
    [[...PAIR, "--out", ""], "--out is a folder"],
    [[...PAIR, "--prompt", "What?"], "are of --task zero-shot"],
    [[...PAIR, "--task", "zero-shot", "--template", "a"], "--template has {}"],
    [[...PAIR, "--task", "zero-shot", "--label", "sex"], "needs the --prompt"],
    [[...PAIR, "--cost-incarnations", "0"], "--cost-incarnations is a whole number from 1 on"],
    [[...PAIR, "--no-cost", "--cost-incarnations", "2"], "--no-cost leaves nothing"],
    [[...PAIR, "--speed"], "Unknown option '--speed'"],
    [["study.json"], "or a study file (.ts), got study.json"],
    [["a.ts", "b.ts"], 'unexpected "b.ts"'],
    [["a.ts", "--a", "fbank", "--folds", "4"], "--a, --folds: with a study file, the file says it"],
  ])("%j is not understood", (args, said) => {
    const error = refusal(args);
    expect(isUsageError(error)).toBe(true);
    expect(String(error)).toContain(said);
  });

  test("say the claim in the words of a study, and the first task as the declared one", () => {
    const { study, run } = readRequest([
      ...[...PAIR, "--task", "probe,few-shot", "--claim", "not-worse", "--margin", "0.02"],
      ...["--folds", "official", "--layer-a=-1", "--layer-b", "logits", "--require", "not-worse"],
      ...["--cost-incarnations", "3"],
    ]);
    expect(study).toMatchObject({
      tasks: ["linear", "few-shot"],
      claim: "not worse",
      margin: 0.02,
      folds: "official",
      layerA: -1,
      layerB: "logits",
      seed: 0,
      costIncarnations: 3,
    });
    expect(readRequest([...PAIR, "--no-cost"]).study).toMatchObject({ costIncarnations: 0 });
    expect(readRequest([...PAIR]).study).toMatchObject({ costIncarnations: 5 });
    expect(run).toEqual({
      out: "runs",
      fresh: false,
      require: "not worse",
      yes: false,
      json: false,
    });
  });

  test("beside a study file are those of its run alone", () => {
    const { study, run } = readRequest(["mine.mts", "--fresh", "--yes", "--out", "there"]);
    expect(study).toBe("mine.mts");
    expect(run).toMatchObject({ fresh: true, yes: true, out: "there" });
  });
});
