import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  openAudioFolder,
  openEsc50,
  openFsd50k,
  openUrbanSound8k,
} from "../../../../datasets/index.ts";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import type { Dataset } from "../../../compare/dataset-types.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { openReport } from "../../../compare/report/study-report.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { Outcome, Study, Task } from "../../../compare/study-types.ts";
import { readRun } from "../../../records/run/read-run.ts";
import {
  writeAudioFolder,
  writeEsc50,
  writeFsd50k,
  writeUrbanSound8k,
} from "./official-layouts.ts";

const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

async function run(
  data: Dataset,
  tasks: readonly Task[],
  change: Partial<Study> = {},
): Promise<StudyRun> {
  const study: Study = {
    name: "official",
    question: "Does it keep the authors' folds?",
    data,
    arms: [{ id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } }],
    tasks,
    primary: [],
    ...change,
  };
  return await runStudy(study, { out: mkdtempSync(join(tmpdir(), "study-")), bridge });
}

async function readOutcomes({ folder }: StudyRun, name: string): Promise<readonly Outcome[]> {
  return (await readRun(folder)).rows[`outcomes/${name}.jsonl`] as unknown as readonly Outcome[];
}

describe("a study of ESC-50", () => {
  it("keeps the authors' folds in every probe", async () => {
    const data = await openEsc50(writeEsc50());
    const found = await run(data, [{ kind: "linear" }]);
    const folds = new Map(data.rows.map(({ id, fold }) => [id, fold]));
    for (const name of ["linear.wav2vec2", "linear.fbank"]) {
      const outcomes = await readOutcomes(found, name);
      expect([name, outcomes.length]).toEqual([name, 40]);
      for (const { clip, fold } of outcomes) expect(fold).toBe((folds.get(clip) ?? 0) - 1);
    }
    expect(found.results.tasks[0]?.folds).toEqual({
      count: 5,
      by: "official",
      seed: null,
      splits: null,
    });
    expect(found.results.tasks[0]?.arms[0]?.value).toBeGreaterThan(0.8);
    await expect(run(data, [{ kind: "linear" }], { folds: 3 })).rejects.toThrow("esc50 comes with");
  }, 240_000);
});

describe("a study of a folder with splits", () => {
  it("weighs layers and fits networks on the training split alone, and judges the other", async () => {
    const data = await openAudioFolder(writeAudioFolder());
    const features = { by: "features", layer: "all" } as const;
    const claim = {
      a: "stacked",
      b: "stacked-random",
      task: "layers",
      metric: "accuracy",
    } as const;
    const found = await run(data, [{ kind: "layers" }, { kind: "mlp" }], {
      arms: [
        { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
        { id: "stacked", model: "wav2vec2-tiny", reads: features },
      ],
      primary: [{ ...claim, claim: "superior" }],
    });
    const [layers, mlp] = found.results.tasks;
    expect(layers?.arms.map(({ arm }) => arm)).toEqual(["stacked", "stacked-random"]);
    expect(mlp?.arms.map(({ arm }) => arm)).toEqual([
      "wav2vec2",
      "fbank",
      "mfcc-20",
      "wav2vec2-random",
    ]);
    expect(layers?.arms[0]?.chosen).toEqual([expect.stringMatching(/; layers( [01]\.\d\d)+$/)]);
    expect(mlp?.arms[0]?.trainableParameters).toBeGreaterThan(1000);
    const test = data.rows.filter(({ split }) => split === "test").map(({ id }) => id);
    for (const name of ["layers.stacked", "mlp.fbank"]) {
      const outcomes = await readOutcomes(found, name);
      expect(outcomes.map(({ clip }) => clip).sort()).toEqual(test.toSorted());
      for (const { score, said, truth } of outcomes) expect(score).toBe(Number(said === truth));
    }
    expect(found.results.verdicts[0]).toMatchObject({ task: "layers", clips: 12, sources: 12 });
  }, 240_000);
});

describe("a study of UrbanSound8K", () => {
  it("has the ten folds of its authors", async () => {
    const data = await openUrbanSound8k(writeUrbanSound8k());
    const found = await run(data, [{ kind: "knn" }]);
    const folds = new Map(data.rows.map(({ id, fold }) => [id, fold]));
    const outcomes = await readOutcomes(found, "knn.wav2vec2");
    expect(new Set(outcomes.map(({ fold }) => fold)).size).toBe(10);
    for (const { clip, fold } of outcomes) expect(fold).toBe((folds.get(clip) ?? 0) - 1);
    const byFold = [...Map.groupBy(outcomes, ({ fold }) => fold).values()];
    const means = byFold.map((of) => of.reduce((sum, { score }) => sum + score, 0) / of.length);
    const mean = means.reduce((sum, each) => sum + each, 0) / 10;
    expect(found.results.tasks[0]?.arms[0]?.foldMean).toBeCloseTo(mean, 12);
    const { html } = await openReport(found.folder);
    expect(html).toContain(`papers give them, are: knn: wav2vec2 ${(100 * mean).toFixed(1)}`);
    expect(found.results.tasks[0]?.folds).toEqual({
      count: 10,
      by: "official",
      seed: null,
      splits: null,
    });
  }, 240_000);
});

describe("a study of FSD50K", () => {
  it("learns tags on dev, and judges eval alone by mAP, clip by clip", async () => {
    const data = await openFsd50k(writeFsd50k());
    const claim = { a: "wav2vec2", b: "wav2vec2-random", task: "tags", metric: "mAP" } as const;
    const found = await run(data, [{ kind: "tags" }], {
      primary: [{ ...claim, claim: "superior" }],
    });
    const test = data.rows.filter(({ split }) => split === "test").map(({ id }) => id);
    const outcomes = await readOutcomes(found, "tags.wav2vec2");
    expect(outcomes.map(({ clip }) => clip).sort()).toEqual(test.sort());
    for (const { truth, detail } of outcomes) {
      expect(Object.keys(detail?.scores ?? {})).toEqual(["High", "Low", "Third"]);
      expect(Array.isArray(truth)).toBe(true);
    }
    expect(found.results.verdicts[0]).toMatchObject({ metric: "mAP", clips: 24, sources: 12 });
    const [tags] = found.results.tasks;
    expect(tags).toMatchObject({
      task: "tags",
      metric: "mAP",
      folds: { by: "official", seed: null, splits: { train: 20, valid: 4, test: 24 } },
    });
    expect(tags?.arms[0]?.value).toBe(found.results.verdicts[0]?.scoreA);
    expect((await replayRun(found.folder, { bridge })).differences).toEqual([]);
    await expect(run(data, [{ kind: "tags" }], { folds: 5 })).rejects.toThrow("fsd50k comes with");
  }, 240_000);
});
