import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { anytime } from "../../../compare/anytime.ts";
import type { Look } from "../../../compare/look.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { type RunStudyOptions, runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { Arm, Outcome, Study } from "../../../compare/study-types.ts";
import { InvalidArgumentError } from "../../../errors.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { makeStudy } from "./make-study.ts";

const CLASSES = ["dog", "cat", "bird", "church bell"];
const makeParent = (): string => mkdtempSync(join(tmpdir(), "study-"));
const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

/** Scores the phrases of the classes; `shift`: every label gets the phrase of another one. */
function scoring(id: string, shift: number): Arm {
  const phraseOf = (at: number): string => `a ${CLASSES[(at + shift) % CLASSES.length]}`;
  const candidates = Object.fromEntries(CLASSES.map((name, at) => [name, phraseOf(at)]));
  const prompt = "What is the main sound?";
  return { id, model: "gama-tiny", reads: { by: "score", prompt, candidates, rule: "sum" } };
}

/** An arm that is nearly always wrong is a difference that must be seen. */
async function makeAnswering(change: Partial<Study> = {}): Promise<Study> {
  const claim = { a: "right", b: "wrong", task: "zero-shot", metric: "accuracy" } as const;
  return await makeStudy({
    name: "live",
    arms: [scoring("right", 0), scoring("wrong", 1)],
    tasks: [{ kind: "zero-shot" }],
    primary: [{ ...claim, claim: "superior" }],
    ...change,
  });
}

async function run(change: Partial<Study>, options: RunStudyOptions = {}): Promise<StudyRun> {
  return await runStudy(await makeAnswering(change), { out: makeParent(), bridge, ...options });
}

/** Per source, in the order of the run. */
async function readDifferences({ folder }: StudyRun): Promise<{ sums: number[]; sizes: number[] }> {
  const { rows, schedule } = await readRun(folder);
  const of = (arm: string): readonly Outcome[] =>
    rows[`outcomes/zero-shot.${arm}.jsonl`] as unknown as readonly Outcome[];
  const other = new Map(of("wrong").map(({ clip, score }) => [clip, score]));
  const bySource = Map.groupBy(of("right"), ({ cluster }) => cluster);
  const sources = (schedule["order"] as string[]).flatMap((name) => {
    const members = bySource.get(name);
    return members === undefined ? [] : [members];
  });
  return {
    sizes: sources.map(({ length }) => length),
    sums: sources.map((members) =>
      members.reduce((sum, { clip, score }) => sum + score - (other.get(clip) ?? 0), 0),
    ),
  };
}

describe("a study that is looked at while it runs", () => {
  const looks: Look[] = [];
  let watched: StudyRun;
  beforeAll(async () => {
    const onLook = ([look]: readonly Look[]): void => {
      if (look !== undefined) looks.push(look);
    };
    watched = await run({}, { onLook });
  }, 240_000);

  it("tells e-value and confidence sequence each time that sources are finished, to the last", async () => {
    const counts = looks.map(({ sources }) => sources);
    expect(counts.length).toBeGreaterThanOrEqual(3);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(looks.at(-1)).toMatchObject({ sources: 12, of: 12, clips: 36, stopping: "fixed" });
    const { sums, sizes } = await readDifferences(watched);
    const asked = { sums, sizes, largest: Math.max(...sizes), rightOrWrong: true };
    const { e, low, high, rejectedAt } = await anytime(asked, { bridge });
    for (const look of looks) {
      expect(look.e).toBeCloseTo(e[look.sources - 1] ?? 0, 9);
      expect([look.low, look.high]).toEqual([low[look.sources - 1], high[look.sources - 1]]);
    }
    expect(looks.at(-1)?.rejectedAt).toBe(rejectedAt);
    expect(rejectedAt).not.toBeNull();
  });

  it("has the verdicts of one that nobody looked at", async () => {
    const { results } = await run({});
    expect(results).toEqual(watched.results);
    expect(results.stopping).toEqual({ rule: "fixed", sources: 12, of: 12 });
    expect(results.verdicts[0]?.test).toContain("sign flips");
  });

  it("writes what the looks cost into the journal, and what each comparison took", async () => {
    const { journal } = await readRun(watched.folder);
    const looked = journal.find(({ kind }) => kind === "looked");
    expect(looked).toMatchObject({ looks: looks.length, seconds: expect.any(Number) });
    const judged = journal.find(({ kind }) => kind === "judged");
    expect(judged?.["comparisons"]).toMatchObject([
      { a: "right", b: "wrong", task: "zero-shot" },
      { a: "right", b: "right-random" },
      { a: "wrong", b: "wrong-random" },
    ]);
  });

  it("is not stopped by a look, since that was not declared", async () => {
    await expect(run({}, { onLook: () => "stop" })).rejects.toThrow('`stopping: "anytime"`');
  });

  it("is refused where nothing declared can be looked at", async () => {
    const onLook = (): void => undefined;
    const out = makeParent();
    const undeclared = run({ primary: [] }, { out, onLook });
    await expect(undeclared).rejects.toThrow(InvalidArgumentError);
    expect(readdirSync(out)).toEqual([]);
  });
});

describe("a study that may be stopped after any source", () => {
  const declared = { stopping: "anytime" } as const;
  const ENOUGH = 10;
  const seen: Look[] = [];
  const out = makeParent();
  let stopped: StudyRun;
  beforeAll(async () => {
    // Interrupted behind the stop, before a task has begun: the stop holds.
    const controller = new AbortController();
    const interrupted = runStudy(await makeAnswering(declared), {
      out,
      bridge,
      signal: controller.signal,
      onProgress: ({ stage }) => {
        if (stage === "task") controller.abort();
      },
      onLook: ([look]) => {
        if (look !== undefined) seen.push(look);
        return look !== undefined && look.sources >= ENOUGH ? "stop" : undefined;
      },
    });
    await expect(interrupted).rejects.toThrow();
    stopped = await runStudy(await makeAnswering(declared), { out, bridge });
  }, 240_000);

  it("ends there, also where it was interrupted behind the stop", async () => {
    const last = seen.at(-1);
    expect(last?.sources).toBeGreaterThanOrEqual(ENOUGH);
    expect(last?.sources).toBeLessThan(12);
    expect(stopped.state).toBe("resumed");
    const { stopping, verdicts } = stopped.results;
    expect(stopping).toEqual({ rule: "anytime", sources: last?.sources, of: 12 });
    expect(verdicts[0]).toMatchObject({ sources: last?.sources, clips: last?.clips });
    const { journal, schedule } = await readRun(stopped.folder);
    const note = journal.find(({ kind }) => kind === "stopped");
    expect(note).toMatchObject({ sources: last?.sources, of: 12, at: expect.any(String) });
    expect(journal.filter(({ kind }) => kind === "stopped")).toHaveLength(1);
    expect((schedule["order"] as string[]).length).toBe(12);
  });

  it("has the e-process's verdict, and the confidence sequence as its interval", () => {
    const last = seen.at(-1);
    const [verdict] = stopped.results.verdicts;
    const most = Math.max(...seen.map(({ e }) => e));
    expect(verdict?.p).toBeLessThanOrEqual(Math.min(1, 1 / most) + 1e-12);
    expect(verdict?.test).toContain("e-process");
    expect(verdict?.interval).toMatchObject({ low: last?.low, high: last?.high, level: 0.95 });
    expect(verdict?.word).toBe("better");
    expect(verdict?.beside).toMatchObject({ jackknife: null, bootstrap: null, wilcoxon: null });
    const [task] = stopped.results.tasks;
    expect(task?.arms[0]).toMatchObject({
      interval: null,
      reason: expect.stringContaining("stopped"),
    });
  });

  it("is computed again to the bit, and comes back sealed", async () => {
    expect((await replayRun(stopped.folder, { bridge })).differences).toEqual([]);
    const again = await runStudy(await makeAnswering(declared), { out, bridge });
    expect(again).toMatchObject({ state: "sealed", results: stopped.results });
  });

  it("is one of arms that answer, of one task without cost, and of claims that hold at any time", async () => {
    const claim = { a: "right", b: "wrong", task: "zero-shot", metric: "accuracy" } as const;
    const features = { id: "mel", model: "fbank", reads: { by: "features" } } as const;
    const changes: Partial<Study>[] = [
      { arms: [scoring("right", 0), scoring("wrong", 1), features] },
      { primary: [{ ...claim, claim: "equivalent", margin: 0.1 }] },
      { primary: [{ ...claim, metric: "macro-F1", claim: "superior" }] },
      { cost: { pair: ["right", "wrong"] } },
    ];
    for (const change of changes) {
      await expect(run({ ...declared, ...change })).rejects.toThrow("stopping: anytime");
    }
  });
});
