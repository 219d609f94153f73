import { describe, expect, it } from "vitest";
import { estimateHearing } from "../../../compare/study/estimate.ts";

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
      { arm: whole, chunk: short, seconds: 2 },
      { arm: window, chunk: short, seconds: 3 },
    ];
    const left = [
      { arm: whole, chunk: long },
      { arm: window, chunk: long },
    ];
    // 4 clips of 1 s took 2 s; 4 clips are left of which 5 s each are heard.
    expect(estimateHearing(heard, left, load)).toEqual({
      seconds: 13,
      chunks: 2,
      arms: { whole: 10, window: 3 },
    });
  });
});
