import { describe, expect, it } from "vitest";
import { checkStudy } from "../../../compare/study/check-study.ts";
import { makeStudy } from "./make-study.ts";

const study = await makeStudy();
const [arm, words] = study.arms;
const [claim] = study.primary;

describe("the form of a study", () => {
  it("is right where the types hold", () => {
    expect(checkStudy(study)).toBeUndefined();
    expect(checkStudy({ ...study, arms: [{ ...arm, reads: { by: "answers" } }] })).toBeUndefined();
  });

  it.each<[unknown, string]>([
    [undefined, "a study is an object, this is undefined"],
    [[study], "a study is an object, this is a list"],
    [{ ...study, name: 3 }, "`name` is some text, this is 3"],
    [{ ...study, data: "samples" }, '`data` is a data set (of `openDataset`), this is "samples"'],
    [{ ...study, data: { ...study.data, rows: {} } }, "`data.rows` is a list, this is an object"],
    [{ ...study, arms: arm }, "`arms` is a list, this is an object"],
    [{ ...study, arms: [arm, null] }, "`arms[1]` is an object, this is null"],
    [{ ...study, arms: [{ ...arm, reads: "features" }] }, "`arms[0].reads` is an object"],
    [
      { ...study, arms: [{ ...words, reads: { by: "score" } }] },
      "`arms[0].reads.candidates` is an object, this is undefined",
    ],
    [
      { ...study, arms: [{ ...arm, reads: { by: "ear" } }] },
      "one of features, score, text, answers",
    ],
    [{ ...study, tasks: ["linear"] }, '`tasks[0]` is an object, this is "linear"'],
    [{ ...study, tasks: [{ kind: "probe" }] }, "`tasks[0].kind` is one of linear, mlp"],
    [{ ...study, fold: 3 }, "there is no field `fold`, but name, question"],
    [{ ...study, arms: [{ ...arm, precision: "bfloat16" }] }, "no field `arms[0].precision`"],
    [
      { ...study, arms: [{ ...arm, reads: { by: "features", layers: 3 } }] },
      "no field `arms[0].reads.layers`, but by, layer",
    ],
    [{ ...study, tasks: [{ kind: "knn", neighbors: 3 }] }, "no field `tasks[0].neighbors`"],
    [{ ...study, primary: [{ ...claim, margins: 0.1 }] }, "no field `primary[0].margins`"],
    [{ ...study, primary: undefined }, "`primary` is a list, this is undefined"],
    [
      { ...study, primary: [{ ...claim, claim: "better" }] },
      '`primary[0].claim` is one of superior, not worse, equivalent, this is "better"',
    ],
  ])("is wrong in %#, and its place is told", (given, told) => {
    expect(checkStudy(given)).toContain(told);
  });
});
