import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import type { Dataset } from "../../../compare/dataset-types.ts";
import { labelMapper } from "../../../compare/label-mapper.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { Outcome } from "../../../compare/study-types.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { makeStudy, takeClips } from "./make-study.ts";

const BROKEN = "sample-0001";

/** Clips with tags, of which one is no audio. */
async function makeData(): Promise<Dataset> {
  const clips = await takeClips();
  const folder = mkdtempSync(join(tmpdir(), "study-data-"));
  const rows = clips.rows.map(({ sha256: _, ...row }, at) => {
    mkdirSync(dirname(join(folder, row.path)), { recursive: true });
    if (row.id === BROKEN) writeFileSync(join(folder, row.path), "no audio");
    else copyFileSync(join(clips.folder, row.path), join(folder, row.path));
    const tags = [String(row.labels.class), String(row.labels["loudness"])];
    return { ...row, labels: { ...row.labels, tags }, ...(at < 4 ? { freesoundId: `${at}` } : {}) };
  });
  return { ...clips, folder, rows };
}

const bridge = new GAMABridge();
let run: StudyRun;
let outcomes: (task: string, arm: string) => readonly Outcome[];

beforeAll(async () => {
  const gama = { id: "gama", model: "gama-tiny" } as const;
  const mapper = labelMapper(
    { dog: ["dog"], cat: ["cat"], bird: ["bird"], "church bell": ["church bell"] },
    { alarm: ["alarm"], telephone: ["telephone"] },
  );
  const study = await makeStudy({
    data: await makeData(),
    arms: [
      { id: "mel", model: "fbank", reads: { by: "features" } },
      { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
      {
        ...gama,
        reads: { by: "text", prompt: "What is the main sound?", mapper },
        exposure: { kind: "same corpus", source: "a list", freesoundIds: ["2", "3", "99"] },
      },
      { ...gama, id: "asked", reads: { by: "answers" } },
    ],
    tasks: [
      { kind: "knn" },
      { kind: "few-shot", perLabel: 2, draws: 3 },
      { kind: "retrieval", ks: [1, 3] },
      { kind: "clustering" },
      { kind: "tags" },
      { kind: "zero-shot" },
      { kind: "questions", questions: { loudness: { ask: "How loud is it?" } } },
    ],
    primary: [
      { a: "wav2vec2", b: "mel", task: "retrieval", metric: "recall@3", claim: "superior" },
      { a: "wav2vec2", b: "mel", task: "clustering", metric: "AMI", claim: "superior" },
    ],
  });
  run = await runStudy(study, { out: mkdtempSync(join(tmpdir(), "study-")), bridge });
  const { rows } = await readRun(run.folder);
  outcomes = (task, arm) => rows[`outcomes/${task}.${arm}.jsonl`] as unknown as readonly Outcome[];
}, 240_000);
afterAll(() => bridge.shutdown());

describe("the tasks of a study", () => {
  it("are each done by every arm of their kind", () => {
    const ids = ["mel", "wav2vec2", "mfcc-20", "wav2vec2-random"];
    expect(
      run.results.tasks.map(({ task, metric, arms }) => [task, metric, arms.map(({ arm }) => arm)]),
    ).toEqual([
      ["knn", "accuracy", ids],
      ["few-shot", "accuracy", ids],
      ["retrieval", "mAP", ids],
      ["clustering", "V-measure", ids],
      ["tags", "mAP", ids],
      ["zero-shot", "accuracy", ["gama", "gama-random"]],
      ["questions", "accuracy", ["asked", "asked-random"]],
    ]);
    for (const { arms } of run.results.tasks) {
      // An untrained twin's words mean nothing.
      for (const { value } of arms.filter(
        ({ arm }) => !["gama-random", "asked-random"].includes(arm),
      ))
        expect(value).toSatisfy((it: number) => it > 0 && it <= 1);
    }
    const declared = run.results.verdicts.slice(0, 2);
    expect(declared.map(({ metric, family }) => [metric, family])).toEqual([
      ["recall@3", "primary"],
      ["AMI", "primary"],
    ]);
  });

  it("count a clip that cannot be heard as wrong, in every arm alike", () => {
    for (const { task, arms } of run.results.tasks) {
      for (const { arm, counts } of arms) {
        expect([task, arm, counts.failed]).toEqual([task, arm, 1]);
        const broken = outcomes(task, arm).find(({ clip }) => clip === BROKEN);
        expect(broken).toMatchObject({ status: "failed", score: 0, said: null, secondsHeard: 0 });
      }
    }
    const failed = run.results.fairness.find(({ what }) => what === "failed clips");
    const note = `wrong: ${BROKEN}`;
    expect(failed).toMatchObject({ ok: true, byArm: { wav2vec2: "1", gama: "1" }, note });
  });

  it("keep what a metric over all clips is computed from", () => {
    const [retrieved] = outcomes("retrieval", "wav2vec2");
    expect(Object.keys(retrieved?.detail?.scores ?? {})).toEqual(["mAP", "recall@1", "recall@3"]);
    const tagged = outcomes("tags", "mel").find(({ clip }) => clip !== BROKEN);
    expect(Object.keys(tagged?.detail?.scores ?? {})).toEqual(
      expect.arrayContaining(["dog", "cat", "quiet", "loud"]),
    );
  });

  it("map words to labels: known ones that were not asked for, and none, are wrong", () => {
    for (const { clip, status, said, score, truth, detail } of outcomes("zero-shot", "gama")) {
      if (clip === BROKEN) continue;
      expect(detail?.text).toEqual(expect.any(String));
      expect(score).toBe(Number(status === "ok" && said === truth));
      expect(said === null).toBe(status === "unmapped");
    }
  });

  it("count the words of an untrained twin as they are: unmapped, almost all", () => {
    const zeroShot = run.results.tasks.find(({ task }) => task === "zero-shot");
    const twin = zeroShot?.arms.find(({ arm }) => arm === "gama-random");
    expect(twin?.counts.unmapped).toBeGreaterThan(30);
    expect(twin?.value).toBeLessThan(0.2);
  });

  it("name the clips that an arm was trained on, by their Freesound ids, and keep them", () => {
    const clips = ["sample-0002", "sample-0003"];
    const found = run.results.leakage.filter(({ kind }) => kind === "heard in training");
    expect(found).toMatchObject([
      { clips, resolved: false, note: expect.stringContaining("kept") },
    ]);
    const row = run.results.fairness.find(({ what }) => what === "heard in training");
    expect(row?.byArm).toMatchObject({
      gama: "2 of 4 clips with a Freesound id",
      wav2vec2: "no list",
    });
  });

  it("are computed again to the bit from the stored rows", async () => {
    expect((await replayRun(run.folder, { bridge })).differences).toEqual([]);
  });
});
