import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findPython } from "../../bridge/find-python.ts";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import {
  checkLeakage,
  type Dataset,
  dataRoot,
  hearClips,
  inspectAudio,
  LeakageError,
  type ManifestRow,
  planFolds,
} from "../../compare/index.ts";
import { bundleOf } from "../../display/bundle.ts";
import { renderTone } from "../datasets/render.ts";

const PROTOCOL = { metric: "accuracy", rule: "five folds, kept", citation: "Piczak 2015" } as const;

/** A data set of these rows, which nothing is wrong with but what a test plants. */
function dataset(
  kind: "folds" | "splits" | "free",
  rows: readonly Partial<ManifestRow>[],
): Dataset {
  return {
    name: "tones",
    folder: ".",
    rows: rows.map((row, at) => ({
      id: `clip-${at}`,
      path: `${at}.wav`,
      labels: { class: at % 2 === 0 ? "dog" : "rain" },
      clusterId: `source-${at}`,
      licence: "CC0-1.0",
      ...row,
    })),
    licence: "CC0-1.0",
    citation: "",
    protocol: { kind, ...PROTOCOL },
    clusterBy: "recording",
  };
}

function refusal(check: () => unknown): LeakageError {
  try {
    check();
  } catch (error) {
    if (error instanceof LeakageError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const sound = [{ fold: 1 }, { fold: 1 }, { fold: 2 }, { fold: 2 }];

describe("checkLeakage", () => {
  it("finds nothing where nothing is shared", () => {
    const data = dataset("folds", sound);
    expect(checkLeakage(data, planFolds(data))).toEqual([]);
    const free = dataset("free", [{}, {}, {}]);
    expect(checkLeakage(free, planFolds(free))).toEqual([]);
  });

  it.each([
    ["source", { clusterId: "dog-in-a-yard" }],
    ["Freesound id", { freesoundId: "100032" }],
    ["speaker", { speaker: "theo" }],
    ["artist", { artist: "anton" }],
  ])("marks one %s in two official folds, and names a clip of each", (field, planted) => {
    const rows = sound.map((row, at) => (at === 1 || at === 2 ? { ...row, ...planted } : row));
    const data = dataset("folds", rows);
    const [finding, ...others] = checkLeakage(data, planFolds(data));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      kind: "same source",
      clips: ["clip-1", "clip-2"],
      resolved: false,
    });
    expect(finding?.note).toContain(
      `one ${field}, ${Object.values(planted)[0]}, in fold 1 and fold 2`,
    );
  });

  it("refuses the same in folds of one's own, and where two sources will be drawn apart", () => {
    const planted = [{ freesoundId: "7" }, {}, {}, { freesoundId: "7" }];
    const free = dataset("free", planted);
    for (const plan of [
      { kind: "folds", fold: [0, 0, 1, 1] },
      { kind: "splits", split: ["train", "train", "valid", "test"] },
      planFolds(free, { folds: 2 }),
    ] as const) {
      const error = refusal(() => checkLeakage(free, plan));
      expect(error.code).toBe("leakage");
      expect(error.findings).toMatchObject([{ kind: "same source", clips: ["clip-0", "clip-3"] }]);
      expect(error.message).toContain("one Freesound id, 7");
      expect(error.message).toContain("clip-0, clip-3");
    }
    expect(checkLeakage(free, { kind: "folds", fold: [0, 1, 1, 0] })).toEqual([]);
  });

  it("takes whose voice it is for the question where that is the label", () => {
    const speakers = [
      { speaker: "dog" },
      { speaker: "rain" },
      { speaker: "dog" },
      { speaker: "rain" },
    ];
    const data = dataset("free", speakers);
    expect(checkLeakage(data, planFolds(data))).toEqual([]);
    expect(
      refusal(() => checkLeakage(data, planFolds(data), { label: "text" })).findings,
    ).toHaveLength(2);
  });

  it("tells the same clips once, and a file that stands in two folds beside them", () => {
    const copied = { sha256: "0f".repeat(32), clusterId: "7", freesoundId: "7" };
    const data = dataset("folds", [
      { fold: 1, ...copied },
      { fold: 2, ...copied },
    ]);
    const found = checkLeakage(data, planFolds(data));
    expect(found.map(({ kind }) => kind)).toEqual(["same source", "exact duplicate"]);
    expect(found[1]?.note).toContain("one file");
  });

  it("refuses official folds that were shuffled, but not those that are numbered otherwise", () => {
    const data = dataset("folds", sound);
    expect(checkLeakage(data, { kind: "folds", fold: [4, 4, 0, 0] })).toEqual([]);
    for (const [fold, clips] of [
      [
        [1, 2, 1, 2],
        ["clip-0", "clip-1"],
      ],
      [
        [1, 1, 1, 1],
        ["clip-0", "clip-2"],
      ],
    ] as const) {
      const error = refusal(() => checkLeakage(data, { kind: "folds", fold }));
      expect(error.findings).toMatchObject([{ kind: "fold misuse", clips }]);
      expect(error.message).toContain("five folds, kept (Piczak 2015)");
    }
    const drawn = refusal(() => checkLeakage(data, { kind: "drawn", folds: 5, seed: 0 }));
    expect(drawn.findings).toMatchObject([{ kind: "fold misuse" }]);
    const splits = dataset("splits", [{ split: "train" }, { split: "test" }]);
    const swapped = { kind: "splits", split: ["test", "train"] } as const;
    expect(refusal(() => checkLeakage(splits, swapped)).findings).toMatchObject([
      { kind: "fold misuse", clips: ["clip-0"] },
    ]);
  });

  it("refuses a plan of another length", () => {
    const free = dataset("free", [{}, {}]);
    expect(() => checkLeakage(free, { kind: "folds", fold: [0] })).toThrow(/2 rows/);
  });
});

describe("a sound in another container", () => {
  const folder = mkdtempSync(join(tmpdir(), "leakage-"));
  for (const at of [0, 1, 2]) writeFileSync(join(folder, `${at}.wav`), renderTone(at));
  const toFlac =
    "import sys, soundfile; soundfile.write(sys.argv[2], *soundfile.read(sys.argv[1], dtype='int16'))";
  execFileSync(findPython(), ["-c", toFlac, join(folder, "1.wav"), join(folder, "3.flac")]);
  const rows = [{ fold: 1 }, { fold: 1 }, { fold: 2 }, { fold: 2, path: "3.flac" }];
  const data = { ...dataset("folds", rows), folder };

  afterAll(async () => {
    await sharedBridge().shutdown();
    rmSync(folder, { recursive: true });
  });

  it("is found in another fold by what is heard, not by its bytes", async () => {
    const { clips, unheard } = await hearClips(data);
    expect(unheard).toEqual([]);
    expect(new Set(clips.map(({ sha256 }) => sha256)).size).toBe(4);
    const pcm = new Map(clips.map((clip) => [clip.id, clip.pcm]));
    expect(checkLeakage(data, planFolds(data))).toEqual([]);
    expect(checkLeakage(data, planFolds(data), { pcm })).toMatchObject([
      { kind: "exact duplicate", clips: ["clip-1", "clip-3"], resolved: false },
    ]);
    expect(dataRoot(clips)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is told apart from clips that nobody can hear", async () => {
    const broken = join(folder, "broken.wav");
    writeFileSync(broken, "no audio");
    const damaged = {
      ...data,
      rows: dataset("free", [{}, { path: "broken.wav" }, { path: "none.wav" }]).rows,
    };
    const { clips, unheard } = await hearClips(damaged);
    expect(clips.map(({ id, pcm }) => [id, pcm === null])).toEqual([
      ["clip-0", false],
      ["clip-1", true],
    ]);
    expect(unheard.map(({ id, code }) => [id, code])).toEqual([
      ["clip-1", "unsupported_format"],
      ["clip-2", "audio_not_found"],
    ]);
  });

  it("has a length, a rate and channels", async () => {
    const { clips, failures } = await inspectAudio(
      [join(folder, "0.wav"), { samples: new Float32Array(800), sampleRate: 8000 }],
      { seconds: 0.1 },
    );
    expect(failures).toEqual([]);
    expect(clips[0]).toMatchObject({ seconds: 0.2, sampleRate: 16_000, channels: 1 });
    expect(clips[1]).toMatchObject({ seconds: 0.1, sampleRate: 8000, channels: 1 });
    const inspection = await inspectAudio([join(folder, "0.wav"), join(folder, "none.wav")]);
    expect(inspection.clips[0]?.digest).not.toBe(clips[0]?.digest);
    const { "text/plain": text } = await bundleOf(inspection);
    expect(text).toMatch(/^2 clips, 0.2 s/);
    expect(text).toContain("16000 Hz");
    expect(text).toContain("There is no file");
  });
});
