import { describe, expect, it } from "vitest";
import { labelMapper } from "../../../compare/label-mapper.ts";
import { withBaselines } from "../../../compare/study/baselines.ts";
import { makeChunks } from "../../../compare/study/chunks.ts";
import { cropSeconds } from "../../../compare/study/crop.ts";
import { toDesign } from "../../../compare/study/design.ts";
import { canBeDrawnAnew } from "../../../compare/study/fold-spread.ts";
import { knownExposure } from "../../../compare/study/known-exposure.ts";
import { decodeNpy, encodeNpy } from "../../../compare/study/npy.ts";
import { streamSeed } from "../../../compare/study/stream-seed.ts";
import type { UsedClip } from "../../../compare/study/used-clips.ts";
import type { Study } from "../../../compare/study-types.ts";
import { InvalidArgumentError } from "../../../errors.ts";
import { makeStudy } from "./make-study.ts";

describe("chunks", () => {
  const rows = Array.from({ length: 40 }, (_, index) => ({
    id: `clip-${String(index).padStart(2, "0")}`,
    seconds: (index * 7) % 5,
  }));

  it("are the same in whatever order the rows come, and hold clips of like lengths", () => {
    const chunks = makeChunks(rows, null);
    expect(makeChunks(rows.toReversed(), null)).toEqual(chunks);
    expect(chunks.map(({ id, clips }) => [id, clips.length])).toEqual([
      ["000", 16],
      ["001", 16],
      ["002", 8],
    ]);
    const seconds = chunks.map(({ clips }) =>
      clips.map((id) => rows.find((row) => row.id === id)?.seconds),
    );
    expect(seconds.flat()).toEqual(seconds.flat().toSorted());
  });

  it("take clips beyond the crop as equally long: by id", () => {
    const [first] = makeChunks(rows, 0.5);
    const silent = rows.filter(({ seconds }) => seconds === 0).map(({ id }) => id);
    const others = rows.filter(({ seconds }) => seconds > 0).map(({ id }) => id);
    expect(first?.clips).toEqual([...silent, ...others].slice(0, 16));
  });
});

describe("the common crop", () => {
  it("is the shortest window of any arm, and none where all hear all", () => {
    const windows = [{ windowSeconds: null }, { windowSeconds: 10.24 }, { windowSeconds: 5.12 }];
    expect(cropSeconds("common", windows)).toBe(5.12);
    expect(cropSeconds("common", [{ windowSeconds: null }])).toBeNull();
    expect(cropSeconds({ seconds: 2 }, windows)).toBe(2);
  });
});

describe("features on the disk", () => {
  it("come back to the bit, NaN and all, in the form of NumPy", () => {
    const data = Float32Array.of(1.5, Number.NaN, -0, 3.4e38, 1e-45, 2);
    const bytes = encodeNpy({ data, shape: [2, 3] });
    const back = decodeNpy(bytes);
    expect(back.shape).toEqual([2, 3]);
    expect(new Uint8Array(back.data.buffer)).toEqual(new Uint8Array(data.buffer));
    expect(bytes.length % 64).toBe(24);
    expect(() => decodeNpy(bytes.subarray(0, -1))).toThrow(InvalidArgumentError);
  });
});

describe("baselines", () => {
  it("are not added twice where the study has one of its own", () => {
    const fbank = { id: "mel", model: "fbank", reads: { by: "features" } } as const;
    const model = { id: "w", model: "wav2vec2-tiny", reads: { by: "features" } } as const;
    const arms = withBaselines([model, fbank], [{ kind: "knn" }]);
    expect(arms.map(({ id, baseline }) => [id, baseline])).toEqual([
      ["w", null],
      ["mel", "mel statistics"],
      ["mfcc-20", "mel statistics"],
      ["w-random", "random weights"],
    ]);
  });
});

describe("a baseline whose name an arm has", () => {
  it("gets another one, where the arm is read in another way", () => {
    const reads = { by: "features", pooling: "mean_std" } as const;
    const arms = withBaselines([{ id: "fbank", model: "fbank", reads }], [{ kind: "knn" }]);
    expect(arms.map(({ id }) => id)).toEqual(["fbank", "fbank-baseline", "mfcc-20"]);
  });
});

describe("an untrained twin", () => {
  const gama = { model: "gama-tiny", weights: "trained" } as const;
  const mapper = labelMapper({ dog: ["dog"] });

  it("is read as its arm is, by scores and by words, of which it writes few", () => {
    const candidates = { dog: "a dog", cat: "a cat" };
    const arms = withBaselines(
      [
        { ...gama, id: "score", reads: { by: "score", candidates, rule: "mean" } },
        { ...gama, id: "text", reads: { by: "text", mapper } },
      ],
      [{ kind: "zero-shot" }],
    );
    expect(arms.slice(2)).toMatchObject([
      {
        id: "score-random",
        weights: "random",
        twinOf: "score",
        baseline: "random weights",
        reads: { by: "score", candidates, rule: "mean" },
      },
      { id: "text-random", twinOf: "text", reads: { by: "text", mapper, maxNewTokens: 16 } },
    ]);
    expect(arms[1]?.reads).not.toHaveProperty("maxNewTokens");
  });

  it("is one where two arms are read alike, and none where the study has it", () => {
    const reads = { by: "features" } as const;
    const own = { ...gama, id: "own", weights: "random", reads } as const;
    const arms = withBaselines([{ ...gama, id: "a", reads }, own], [{ kind: "knn" }]);
    expect(arms.map(({ id, twinOf }) => [id, twinOf])).toEqual([
      ["a", null],
      ["own", null],
      ["fbank", null],
      ["mfcc-20", null],
    ]);
  });
});

describe("folds of sources", () => {
  it("are drawn anew only where there are more sources with the label than folds", () => {
    const facts = { path: "", sha256: "", pcm: null, seconds: 1, split: null, fold: null };
    const clips = ["ann", "bob", "cyd", "dan"].map((clusterId, at): UsedClip => {
      const labels = clusterId === "dan" ? {} : { class: `${at}` };
      return { ...facts, id: clusterId, clusterId, labels };
    });
    expect(canBeDrawnAnew(2, { kind: "knn" }, clips)).toBe(true);
    expect(canBeDrawnAnew(3, { kind: "knn" }, clips)).toBe(false);
  });
});

describe("streams of a seed", () => {
  it("differ by name and by seed, and are the same each time", () => {
    const seeds = [streamSeed(1, "a"), streamSeed(1, "b"), streamSeed(2, "a")];
    expect(new Set(seeds).size).toBe(3);
    expect(streamSeed(1, "a")).toBe(seeds[0]);
    for (const seed of seeds)
      expect(seed).toSatisfy((value: number) => value >= 0 && value < 2 ** 31);
  });
});

const COSTLY = ["wav2vec2", "fbank"] as const;
/** One arm beside its baselines. */
const ALONE: Partial<Study> = {
  arms: [{ id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } }],
  tasks: [{ kind: "linear" }],
};

describe("a design", () => {
  it.each<[string, Partial<Study>, string]>([
    ["a claim without its margin", { primary: [claim({ claim: "equivalent" })] }, "margin"],
    ["a margin of two hundred points", { primary: [claim({ margin: 2 })] }, "margin"],
    ["a margin that is no number", { primary: [claim({ margin: Number.NaN })] }, "margin"],
    ["a claim declared twice", { primary: [claim({}), claim({ claim: "superior" })] }, "once"],
    ["a level in percent", { level: 95 }, "level"],
    ["an alpha of a coin", { alpha: 0.5 }, "alpha"],
    ["no neighbours", { tasks: [{ kind: "knn", neighbours: 0 }] }, "neighbours"],
    ["half a draw", { tasks: [{ kind: "few-shot", draws: 0.5 }] }, "draws"],
    ["nothing to show", { tasks: [{ kind: "few-shot", perLabel: 0 }] }, "perLabel"],
    ["a search to depth 0", { tasks: [{ kind: "retrieval", ks: [1, 0] }] }, "ks"],
    ["a claim about a task that is not there", { primary: [claim({ task: "knn" })] }, "task"],
    ["an arm that cannot do the task", { primary: [claim({ b: "gama" })] }, "linear"],
    ["a metric that the task has not", { primary: [claim({ metric: "WER" })] }, "macro-F1"],
    ["a task that no arm can do", { tasks: [{ kind: "layers" }] }, "layers"],
    ["one kind of task twice", { tasks: [{ kind: "knn" }, { kind: "knn" }] }, "once"],
    ["costs of two arms that it does not name", { ...ALONE, cost: {} }, "only one arm"],
    ["costs of an arm against itself", { cost: { pair: ["gama", "gama"] } }, "cost.pair"],
    ["costs of an arm that it has not", { cost: { pair: ["gama", "whisper"] } }, "whisper"],
    ["costs of half a process", { cost: { pair: COSTLY, incarnations: 0.5 } }, "incarnations"],
    ["costs of no block", { cost: { pair: COSTLY, blocks: 0 } }, "cost.blocks"],
    ["costs of empty slots", { cost: { pair: COSTLY, clipsPerSlot: 0 } }, "cost.clipsPerSlot"],
    ["a name that is no file name", { name: "A/B" }, "name"],
  ])("refuses %s", async (_what, change, told) => {
    const study = await makeStudy(change);
    expect(() => toDesign(study)).toThrow(InvalidArgumentError);
    expect(() => toDesign(study)).toThrow(told);
  });
});

function claim(change: Partial<Study["primary"][number]>): Study["primary"][number] {
  const arms = { a: "wav2vec2", b: "fbank", task: "linear", metric: "accuracy" } as const;
  return { ...arms, claim: "superior", ...change };
}

describe("the arms whose cost is measured", () => {
  it("are those of the first claim without a baseline, else the first two that are none", async () => {
    const arms = ["one", "two", "three"].map((id) => ({
      id,
      model: `${id}-model`,
      reads: { by: "features" } as const,
    }));
    const tasks: Study["tasks"] = [{ kind: "linear" }];
    const besideBaseline = claim({ a: "three", b: "fbank" });
    const pairOf = async (primary: Study["primary"]): Promise<string> => {
      const { cost } = toDesign(await makeStudy({ arms, tasks, primary, cost: {} }));
      return `${cost?.a} ${cost?.b}`;
    };
    expect(await pairOf([besideBaseline, claim({ a: "three", b: "one" })])).toBe("three one");
    expect(await pairOf([besideBaseline])).toBe("one two");
    expect(toDesign(await makeStudy()).cost).toBeNull();
  });
});

describe("what an arm's training had of the data", () => {
  it("is known of the shipped models and samples, and of nothing else", () => {
    expect(knownExposure("gama-tiny", "samples").kind).toBe("labels of these classes");
    expect(knownExposure("wav2vec2-tiny", "samples").kind).toBe("none");
    expect(knownExposure("gama-tiny", "esc50").kind).toBe("unknown");
    expect(knownExposure("/models/gama-tiny", "samples").kind).toBe("unknown");
  });
});
