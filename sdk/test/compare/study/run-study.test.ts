import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { StudyEstimate } from "../../../compare/study/estimate.ts";
import type { SpreadOutcome } from "../../../compare/study/fold-spread.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { sealFiles } from "../../../records/run/seal.ts";
import { makeStudy } from "./make-study.ts";

const makeParent = (): string => mkdtempSync(join(tmpdir(), "study-"));

/** Every per-clip row, by file. */
function readRows(folder: string): Record<string, string> {
  const files = ["answers", "outcomes"].flatMap((part) =>
    readdirSync(join(folder, part)).map((name) => join(part, name)),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

/** In the resumed run: which chunk that is heard costs the Python process. */
const KILLED_AT = 5;
const bridge = new GAMABridge();
let undisturbed: StudyRun;
const estimates: StudyEstimate[] = [];

beforeAll(async () => {
  const onEstimate = (estimate: StudyEstimate) => void estimates.push(estimate);
  undisturbed = await runStudy(await makeStudy(), { out: makeParent(), bridge, onEstimate });
}, 240_000);
afterAll(() => bridge.shutdown());

describe("runStudy", () => {
  it("adds mel statistics and untrained twins, and judges the declared claim first", () => {
    const { arms, tasks, verdicts } = undisturbed.results;
    expect(arms.map(({ id, baseline }) => [id, baseline])).toEqual([
      ["wav2vec2", null],
      ["gama", null],
      ["fbank", "mel statistics"],
      ["mfcc-20", "mel statistics"],
      ["wav2vec2-random", "random weights"],
      ["gama-random", "random weights"],
    ]);
    expect(tasks.map(({ task, arms: members }) => [task, members.length])).toEqual([
      ["linear", 4],
      ["zero-shot", 2],
    ]);
    expect(verdicts[0]).toMatchObject({ a: "wav2vec2", b: "fbank", family: "primary", clips: 36 });
    expect(verdicts.slice(1).every(({ family }) => family === "exploratory")).toBe(true);
    const [linear] = tasks;
    const scoreOf = (id: string): number =>
      linear?.arms.find(({ arm }) => arm === id)?.value ?? Number.NaN;
    expect(linear?.arms[0]).toMatchObject({ counts: { ok: 36, failed: 0, unmapped: 0, other: 0 } });
    expect(verdicts[0]?.scoreA).toBe(scoreOf("wav2vec2"));
    expect(verdicts[0]?.difference).toBeCloseTo(scoreOf("wav2vec2") - scoreOf("fbank"), 12);
  });

  it("tells once, after a chunk of every arm, how long the others will take", () => {
    expect(estimates).toHaveLength(1);
    const [{ chunks, seconds, arms } = { chunks: 0, seconds: 0, arms: {} }] = estimates;
    expect(chunks).toBe(2 * 6); // 36 clips are three chunks
    expect(Object.keys(arms).sort()).toEqual([
      "fbank",
      "gama",
      "gama-random",
      "mfcc-20",
      "wav2vec2",
      "wav2vec2-random",
    ]);
    expect(seconds).toBeGreaterThan(0);
  });

  it("keeps an outcome of every clip and arm, of which the scores are the means", async () => {
    const { rows } = await readRun(undisturbed.folder);
    const outcomes = rows["outcomes/zero-shot.gama.jsonl"] as unknown as {
      score: number;
      truth: string;
      said: string;
    }[];
    expect(outcomes).toHaveLength(36);
    for (const { score, truth, said } of outcomes) expect(score).toBe(Number(truth === said));
    const mean = outcomes.reduce((sum, { score }) => sum + score, 0) / 36;
    const zeroShot = undisturbed.results.tasks.find(({ task }) => task === "zero-shot");
    expect(zeroShot?.arms[0]?.value).toBeCloseTo(mean, 12);
  });

  it("holds an arm that is read by scores against its untrained twin, which is near chance", () => {
    const zeroShot = undisturbed.results.tasks.find(({ task }) => task === "zero-shot");
    const twin = zeroShot?.arms.find(({ arm }) => arm === "gama-random");
    expect(twin?.counts).toMatchObject({ ok: 36, failed: 0 });
    expect(twin?.value).toBeLessThan(0.5); // four candidates
    const verdict = undisturbed.results.verdicts.find(({ b }) => b === "gama-random");
    expect(verdict).toMatchObject({ a: "gama", task: "zero-shot", family: "exploratory" });
    const row = undisturbed.results.fairness.find(({ what }) => what === "untrained twin");
    expect(row?.byArm).toMatchObject({ gama: "gama-random", fbank: "–" });
  });

  it("shows the declared difference under other draws of the folds, from rows of its own", async () => {
    const [spread, ...others] = undisturbed.results.spread;
    expect(others).toEqual([]);
    expect(spread).toMatchObject({ a: "wav2vec2", b: "fbank", task: "linear", metric: "accuracy" });
    expect(new Set(spread?.others.map(({ seed }) => seed)).size).toBe(5);
    const { rows } = await readRun(undisturbed.folder);
    const drawn = rows["spread/linear.wav2vec2.jsonl"] as unknown as readonly SpreadOutcome[];
    const byDraw = Map.groupBy(drawn, ({ draw }) => draw);
    expect([...byDraw.keys()]).toEqual([1, 2, 3, 4, 5]);
    for (const [draw, outcomes] of byDraw) {
      expect(new Set(outcomes.map(({ clip }) => clip)).size).toBe(36);
      const folds = Map.groupBy(outcomes, ({ cluster }) => cluster).values();
      for (const members of folds) expect(new Set(members.map(({ fold }) => fold)).size).toBe(1);
      const mean = outcomes.reduce((sum, { score }) => sum + score, 0) / 36;
      expect(spread?.others[draw - 1]?.scoreA).toBeCloseTo(mean, 12);
    }
    const assigned = [...byDraw.values()].map((each) => each.map(({ fold }) => fold).join());
    expect(new Set(assigned).size).toBe(5);
  });

  it("looks for near duplicates among sources, and says what it would have found", () => {
    const { duplicateSearch, leakage } = undisturbed.results;
    expect(duplicateSearch.reason).toBeNull();
    expect(duplicateSearch.planted).toBe(24);
    expect(duplicateSearch.plantedFound).toBeGreaterThanOrEqual(22);
    expect(duplicateSearch.arms.length).toBeGreaterThan(0);
    expect(leakage.filter(({ kind }) => kind === "near duplicate")).toEqual([]);
  });

  it("tells what the arms share, and marks the one that has seen the labels", () => {
    const { fairness, leakage } = undisturbed.results;
    const ok = Object.fromEntries(fairness.map((row) => [row.what, row.ok]));
    expect(ok).toMatchObject({
      "same decoded samples": true,
      "same seconds heard": true,
      precision: true,
      "failed clips": true,
      "independent of neighbours": true,
      "exposure to the labels": false,
    });
    expect(leakage).toMatchObject([{ kind: "exposure", resolved: false }]);
  });

  it("gives the sealed run back where the same study is asked for again", async () => {
    const stages = new Set<string>();
    const again = await runStudy(await makeStudy(), {
      out: join(undisturbed.folder, ".."),
      bridge,
      onProgress: ({ stage }) => stages.add(stage),
    });
    expect(again).toMatchObject({ state: "sealed", folder: undisturbed.folder });
    expect(again.results).toEqual(undisturbed.results);
    expect(stages).not.toContain("hear");
  });

  it("goes on behind the last chunk, with the same rows to the bit, when Node was killed, and Python then", async () => {
    const out = makeParent();
    const child = spawn(
      process.execPath,
      ["--no-warnings", join(import.meta.dirname, "run-killed.ts"), out],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const ended = once(child, "exit");
    const heard: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      heard.push(line);
      if (line.endsWith("chunk 001")) child.kill("SIGKILL");
    }
    expect(await ended).toEqual([null, "SIGKILL"]);
    const again: string[] = [];
    const run = await runStudy(await makeStudy(), {
      out,
      bridge,
      onProgress: ({ stage, message }) => {
        if (stage !== "hear" || message === "") return;
        if (again.push(message) === KILLED_AT) process.kill(bridge.pid ?? 0, "SIGKILL");
      },
    });
    expect(run.state).toBe("resumed");
    expect(heard.slice(-2)).toContain(again[0]); // it was being heard or written
    expect(again).not.toContain(heard[0]);
    expect(readRows(run.folder)).toEqual(readRows(undisturbed.folder));
    const { fairness, ...results } = run.results;
    const { fairness: _, ...expected } = undisturbed.results;
    expect(results).toEqual(expected);
    const restarts = fairness.find(({ what }) => what === "processes started again");
    expect(Object.values(restarts?.byArm ?? {}).filter((count) => count === "1")).toHaveLength(1);
  }, 240_000);
});

describe("replayRun", () => {
  it("computes every number again to the bit, without a model", async () => {
    await using other = new GAMABridge();
    const replay = await replayRun(undisturbed.folder, { bridge: other });
    expect(replay.differences).toEqual([]);
    expect(replay.identical).toBe(true);
    expect((await other.executeOperation("status", {})).models).toEqual([]);
  });

  it("names the number that does not follow from the rows, though somebody sealed it", async () => {
    const folder = join(makeParent(), "forged");
    cpSync(undisturbed.folder, folder, { recursive: true });
    const path = join(folder, "results.json");
    const results = JSON.parse(readFileSync(path, "utf8")) as { verdicts: { p: number }[] };
    const [verdict] = results.verdicts;
    if (verdict) verdict.p = 0.001;
    writeFileSync(path, JSON.stringify(results));
    await expect(replayRun(folder, { bridge })).rejects.toThrow("results.json was changed");
    await sealFiles(folder);
    const { differences, identical, versions } = await replayRun(folder, { bridge });
    expect(identical).toBe(false);
    expect(versions.now).toEqual(versions.stored); // the forgery is not put down to a package
    expect(differences).toMatchObject([{ path: "verdicts[0].p", a: 0.001 }]);
  });
});
