import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import { isRight } from "../../../compare/study/grade-answer.ts";
import type { Outcome, Study } from "../../../compare/study-types.ts";
import { CapabilityError, InvalidArgumentError } from "../../../errors.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { makeStudy, takeClips } from "./make-study.ts";

const NUMBERS = ["zero", "one", "two", "three", "four", "five", "six"];
const counted = Object.fromEntries(NUMBERS.map((word, value) => [String(value), word]));
const questions = {
  count: { ask: "How many times does it sound?", answers: counted },
  loudness: { ask: "How loud is it?" },
};
const makeParent = (): string => mkdtempSync(join(tmpdir(), "study-"));
const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

/** The trained model against its untrained twin. */
async function makeAsking(change: Partial<Study> = {}): Promise<Study> {
  const pair = { a: "gama", b: "untrained", task: "questions", claim: "superior" } as const;
  return await makeStudy({
    name: "asking",
    arms: [
      { id: "gama", model: "gama-tiny", reads: { by: "answers" } },
      { id: "untrained", model: "gama-tiny", weights: "random", reads: { by: "answers" } },
    ],
    tasks: [{ kind: "questions", questions }],
    primary: [
      { ...pair, metric: "accuracy" },
      { ...pair, metric: "count" },
    ],
    ...change,
  });
}

describe("an answer", () => {
  it("is right where its words are those expected, and never by being close", () => {
    expect(isRight("  A Dog. ", "a dog")).toBe(true);
    expect(isRight("four!", "Four")).toBe(true);
    expect(isRight("über-laut", "über laut")).toBe(true);
    expect(isRight("forty", "four")).toBe(false);
    expect(isRight("a dog and a cat", "a dog")).toBe(false);
    expect(isRight("", "four")).toBe(false);
  });
});

describe("questions whose answers the manifest knows", () => {
  let run: StudyRun;
  let outcomes: readonly Outcome[];
  let answers: readonly { clip: string; texts: Record<string, string> }[];
  beforeAll(async () => {
    // One clip says nothing of its count: it is asked the other question alone.
    const data = await takeClips();
    const rows = data.rows.map(({ labels: { count, ...others }, ...row }, at) => {
      return { ...row, labels: at === 0 || count === undefined ? others : { ...others, count } };
    });
    const study = await makeAsking({ data: { ...data, rows } });
    run = await runStudy(study, { out: makeParent(), bridge });
    const read = await readRun(run.folder);
    outcomes = read.rows["outcomes/questions.gama.jsonl"] as unknown as typeof outcomes;
    answers = read.rows["answers/gama.jsonl"] as unknown as typeof answers;
  }, 240_000);

  it("are asked of the clips that have the label, and graded clip by clip", async () => {
    const { manifest } = await readRun(run.folder);
    const texts = new Map(answers.map((row) => [row.clip, row.texts]));
    expect(outcomes).toHaveLength(36);
    for (const { id, labels } of manifest as unknown as {
      id: string;
      labels: Record<string, unknown>;
    }[]) {
      const outcome = outcomes.find(({ clip }) => clip === id);
      const expected = Object.entries({
        ...(labels["count"] === undefined ? {} : { count: counted[String(labels["count"])] ?? "" }),
        loudness: String(labels["loudness"]),
      });
      const right = expected.map(([label, answer]) => [
        label,
        Number(isRight(texts.get(id)?.[label] ?? "", answer)),
      ]);
      expect(outcome?.detail?.scores).toEqual(Object.fromEntries(right));
      expect(outcome?.truth).toBe(
        expected.map(([label, answer]) => `${label}: ${answer}`).join("; "),
      );
    }
    expect(
      outcomes.filter(({ detail }) => Object.keys(detail?.scores ?? {}).length === 1),
    ).toHaveLength(1);
  });

  it("are judged all together, and each by itself on the clips that were asked it", () => {
    const [all, count] = run.results.verdicts;
    expect(all).toMatchObject({ metric: "accuracy", clips: 36, sources: 12, family: "primary" });
    expect(count).toMatchObject({ metric: "count", clips: 35, sources: 12, family: "primary" });
    const mean = outcomes.reduce((sum, { score }) => sum + score, 0) / 36;
    expect(all?.scoreA).toBeCloseTo(mean, 12);
    expect(all?.scoreA).toBeGreaterThan(all?.scoreB ?? 1);
    expect(run.results.tasks[0]).toMatchObject({
      task: "questions",
      metric: "accuracy",
      folds: null,
    });
  });

  it("are computed again to the bit from the stored answers", async () => {
    expect((await replayRun(run.folder, { bridge })).differences).toEqual([]);
  });
});

describe("a question that cannot be asked", () => {
  const asking = (what: object): Promise<Study> =>
    makeAsking({
      tasks: [{ kind: "questions", questions: what as typeof questions }],
      primary: [],
    });

  it("of a kind that the model has not learnt is refused before the first clip", async () => {
    const out = makeParent();
    const study = await asking({ loudness: { ask: "Which language is spoken?" } });
    const stages: string[] = [];
    const refused = runStudy(study, { out, bridge, onProgress: ({ stage }) => stages.push(stage) });
    await expect(refused).rejects.toThrow(CapabilityError);
    expect(stages).not.toContain("hear");
    expect(readdirSync(out)).toEqual([]);
  });

  it("about a label that no clip has, or of a model that only encodes, is refused", async () => {
    const out = makeParent();
    const unknown = runStudy(await asking({ weather: { ask: "Does it rain?" } }), { out, bridge });
    await expect(unknown).rejects.toThrow(InvalidArgumentError);
    const encoder = { id: "encoder", model: "wav2vec2-tiny", reads: { by: "answers" } } as const;
    const silent = runStudy(await makeAsking({ arms: [encoder], primary: [] }), { out, bridge });
    await expect(silent).rejects.toThrow("a model that can describe");
    await expect(asking({}).then((study) => runStudy(study, { out, bridge }))).rejects.toThrow(
      "questions",
    );
    expect(readdirSync(out)).toEqual([]);
  });
});
