import { describe, expect, it } from "vitest";
import { estimateCost } from "../../../compare/study/cost/estimate-cost.ts";
import { estimateHearing, paceOf } from "../../../compare/study/estimate.ts";

describe("the estimate of a study", () => {
  const arm = (id: string) =>
    ({ id, model: id, reads: { by: "features" }, baseline: null, twinOf: null }) as const;
  const [whole, window] = [arm("whole"), arm("window")];
  const clips = Array.from({ length: 8 }, (_, at) => ({ id: `c${at}`, seconds: at < 4 ? 1 : 10 }));
  const chunk = (id: string, from: number) =>
    ({ id, clips: clips.slice(from, from + 4).map((clip) => clip.id) }) as const;
  const [short, long] = [chunk("000", 0), chunk("001", 4)];
  const load = {
    clips,
    cropSeconds: 5,
    windowOf: ({ id }: { readonly id: string }) => (id === "window" ? 5 : null),
  };

  it("takes a model by the seconds that it hears, and one with a window by the clips", () => {
    const heard = [
      { arm: whole, chunk: short, seconds: 2, isCached: false },
      { arm: window, chunk: short, seconds: 3, isCached: false },
    ];
    const left = [
      { arm: whole, chunk: long },
      { arm: window, chunk: long },
    ];
    // 4 clips of 1 s took 2 s; 4 clips are left of which 5 s each are heard.
    expect(estimateHearing(left, paceOf(heard, load))).toEqual({
      chunks: 2,
      arms: { whole: 10, window: 3 },
    });
  });

  describe("of cost", () => {
    const block = { order: "ABBA", clips: ["c0", "c4"], chunk: "001" } as const;
    const pair = (phase: "aa" | "ab") =>
      ({ phase, incarnation: 0, begins: "a", blocks: [block, block] }) as const;
    const design = { a: "whole", b: "window", incarnations: 1, blocks: 2, clipsPerSlot: 2 };
    const plan = {
      design: { ...design, noiseFloor: true },
      schedule: { seed: 0, clip: "c0", incarnations: [pair("aa"), pair("ab")] },
    };
    const study = { arms: [whole, window], chunks: [short, long], loading: 7 };

    it("counts the starts and every call of the pairs, those of an arm against itself, too", () => {
      const heard = [
        { arm: whole, chunk: short, seconds: 4, isCached: false }, // a second of sound takes a second
        { arm: window, chunk: short, seconds: 8, isCached: false }, // a clip takes two
      ];
      const pace = paceOf(heard, load);
      // The first clip twice and a chunk; in two blocks two slots of a 1-s clip, one of which 5 s are heard, a chunk.
      const ofWhole = 2 * 1 + 20 + 2 * 2 * (1 + 5 + 20);
      const ofWindow = 2 * 2 + 8 + 2 * 2 * (2 + 2 + 8);
      expect(estimateCost(plan, { ...study, pace })).toBe(7 + 2 * ofWhole + 7 + ofWhole + ofWindow);
    });

    it("is nobody's guess where an arm has computed nothing yet", () => {
      const heard = [{ arm: whole, chunk: short, seconds: 4, isCached: false }];
      expect(estimateCost(plan, { ...study, pace: paceOf(heard, load) })).toBeNull();
    });
  });
});
