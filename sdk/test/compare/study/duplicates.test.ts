import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findPython } from "../../../bridge/find-python.ts";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import type { Dataset, ManifestRow } from "../../../compare/dataset-types.ts";
import { LeakageError, mergeSources } from "../../../compare/index.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { runStudy } from "../../../compare/run-study.ts";
import { makeStudy, takeClips } from "./make-study.ts";

const folder = mkdtempSync(join(tmpdir(), "duplicates-"));
const bridge = new GAMABridge();
afterAll(async () => {
  await bridge.shutdown();
  rmSync(folder, { recursive: true });
});

/** Softer by 6 dB, 50 ms shorter, of 16 bits, in a WAV; or the same samples in a WAV. */
const CHANGE = {
  near: "x, r = soundfile.read(a); soundfile.write(b, x[r // 20 :] * 0.5, r)",
  exact: "x, r = soundfile.read(a, dtype='int16'); soundfile.write(b, x, r)",
} as const;

/** A clip of each of 12 sources, and one of them again as another source. */
async function plant(change: keyof typeof CHANGE): Promise<{ data: Dataset; pair: string[] }> {
  const clips = await takeClips();
  const rows = [...new Map(clips.rows.map((each) => [each.clusterId, each])).values()];
  const [row] = rows;
  if (row === undefined) throw new Error("no clips");
  for (const { path } of rows) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    if (!existsSync(join(folder, path))) copyFileSync(join(clips.folder, path), join(folder, path));
  }
  const path = `audio/${change}.wav`;
  const script = `import sys, soundfile; a, b = sys.argv[1:]; ${CHANGE[change]}`;
  execFileSync(findPython(), ["-c", script, join(folder, row.path), join(folder, path)]);
  const { sha256: _, ...rest } = row;
  const copy = { ...rest, id: `planted-${change}`, path, clusterId: "another-source" };
  return { data: { ...clips, folder, rows: [...rows, copy] }, pair: [row.id, copy.id] };
}

/** The same clips with folds of their authors, who put the copy into another one. */
function withFolds(data: Dataset): Dataset {
  const sources = [...new Set(data.rows.map(({ clusterId }) => clusterId))];
  const rows = data.rows.map((row): ManifestRow => {
    return { ...row, fold: sources.indexOf(row.clusterId) % 5 };
  });
  const rule = "five folds, kept";
  return { ...data, rows, protocol: { kind: "folds", metric: "accuracy", rule, citation: "us" } };
}

async function study(data: Dataset) {
  return await makeStudy({
    data,
    arms: [{ id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } }],
    tasks: [{ kind: "knn" }],
    primary: [],
  });
}

async function refusal(run: Promise<unknown>): Promise<LeakageError> {
  const error: unknown = await run.then(
    () => new Error("nothing was refused"),
    (reason: unknown) => reason,
  );
  if (error instanceof LeakageError) return error;
  throw error;
}

describe("a copy of a clip in another source", () => {
  it("is refused by name where folds are drawn, and no more when the sources are merged", async () => {
    const { data, pair } = await plant("near");
    const out = mkdtempSync(join(tmpdir(), "study-"));
    const error = await refusal(runStudy(await study(data), { out, bridge }));
    expect(error.findings).toMatchObject([{ kind: "near duplicate", clips: pair }]);
    expect(error.message).toContain(pair.join(", "));
    expect(error.message).toContain("mergeSources");
    // Asked again it says so at once: nothing is heard a second time.
    const stages = new Set<string>();
    const onProgress = ({ stage }: { stage: string }): unknown => stages.add(stage);
    const again = await refusal(runStudy(await study(data), { out, bridge, onProgress }));
    expect(again.findings).toEqual(error.findings);
    expect(stages).not.toContain("hear");
    const merged = mergeSources(data, error.findings);
    const run = await runStudy(await study(merged), { out, bridge });
    expect(run.state).toBe("new");
    expect(run.results.duplicateSearch).toMatchObject({ reason: null, planted: 13 });
    expect(run.results.leakage).toEqual([]);
    expect(run.results.data.sources).toBe(12);
  }, 240_000);

  it("is marked in the authors' folds, and computed again to the bit", async () => {
    const { data, pair } = await plant("near");
    const out = mkdtempSync(join(tmpdir(), "study-"));
    const { results, folder: sealed } = await runStudy(await study(withFolds(data)), {
      out,
      bridge,
    });
    expect(results.leakage).toMatchObject([
      { kind: "near duplicate", clips: pair, resolved: false },
    ]);
    expect(results.leakage[0]?.note).toContain("in fold 0 and fold");
    expect(results.spread).toEqual([]);
    expect((await replayRun(sealed, { bridge })).identical).toBe(true);
  }, 240_000);

  it("is found before anything is heard where its samples are the same in another container", async () => {
    const { data, pair } = await plant("exact");
    const out = mkdtempSync(join(tmpdir(), "study-"));
    const stages = new Set<string>();
    const onProgress = ({ stage }: { stage: string }): unknown => stages.add(stage);
    const error = await refusal(runStudy(await study(data), { out, bridge, onProgress }));
    expect(error.findings).toMatchObject([
      { kind: "exact duplicate", clips: pair, note: expect.stringContaining("one decoded sound") },
    ]);
    expect(stages).not.toContain("hear");
    const { results } = await runStudy(await study(withFolds(data)), { out, bridge });
    expect(results.leakage.map(({ kind, clips }) => [kind, clips])).toEqual([
      ["exact duplicate", pair],
    ]);
  }, 240_000);
});

describe("a study without features", () => {
  it("says why near duplicates were not looked for, and leaves out what was trained on", async () => {
    const exposure = {
      kind: "same corpus",
      source: "its card",
      freesoundIds: ["101", "7"],
    } as const;
    const arms = (await makeStudy()).arms.filter(({ id }) => id === "gama");
    const asked = await makeStudy({
      arms: arms.map((arm) => ({ ...arm, exposure })),
      tasks: [{ kind: "zero-shot" }],
      primary: [],
      heardInTraining: "exclude",
    });
    const rows = asked.data.rows.slice(0, 5).map((row, at) => {
      return { ...row, freesoundId: String(100 + at) };
    });
    const out = mkdtempSync(join(tmpdir(), "study-"));
    const { results } = await runStudy(
      { ...asked, data: { ...asked.data, rows } },
      { out, bridge },
    );
    expect(results.duplicateSearch).toMatchObject({
      reason: "no arm has features",
      planted: 0,
    });
    expect(results.data).toMatchObject({
      clips: 4,
      excluded: [{ id: rows[1]?.id, reason: "heard in training by gama" }],
    });
    expect(results.leakage[0]).toMatchObject({ kind: "heard in training", resolved: true });
  }, 240_000);
});
