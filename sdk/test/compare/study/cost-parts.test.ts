import { describe, expect, it } from "vitest";
import type { Chunk } from "../../../compare/study/chunks.ts";
import { CostClips } from "../../../compare/study/cost/cost-clips.ts";
import type { CostDesign } from "../../../compare/study/cost/cost-design.ts";
import { toMeasurements } from "../../../compare/study/cost/cost-results.ts";
import { type PlannedIncarnation, planCost } from "../../../compare/study/cost/cost-schedule.ts";
import {
  type EnergyReading,
  joulesBetween,
  leastSeconds,
  sharedCounters,
} from "../../../compare/study/cost/energy.ts";
import type { UsedClip } from "../../../compare/study/used-clips.ts";
import type { CostCall } from "../../../compare/study-types.ts";
import { InvalidArgumentError } from "../../../errors.ts";
import { openRun } from "../../../records/run/open-run.ts";
import { makeOpening, makeParent } from "../../records/run/make-opening.ts";

const DESIGN: CostDesign = {
  a: "a",
  b: "b",
  incarnations: 5,
  blocks: 4,
  clipsPerSlot: 4,
  noiseFloor: true,
};

const CLIPS: readonly UsedClip[] = Array.from({ length: 40 }, (_, at) => ({
  id: `clip-${String(at).padStart(2, "0")}`,
  path: "",
  sha256: "",
  pcm: at === 3 ? null : "digest",
  labels: { class: "any" },
  clusterId: "any",
  seconds: at,
  split: null,
  fold: null,
}));
const CHUNKS: readonly Chunk[] = ["000", "001", "002"].map((id, at) => ({
  id,
  clips: CLIPS.slice(16 * at, 16 * at + 16).map((clip) => clip.id),
}));

describe("the plan of cost", () => {
  const plan = planCost(DESIGN, CLIPS, CHUNKS, 1);
  const blocks = plan.incarnations.flatMap((each) => each.blocks);

  it("begins with the arm against itself, on the clips that both phases hear", () => {
    expect(plan.incarnations.map(({ phase }) => phase)).toEqual([
      ...Array<string>(5).fill("aa"),
      ...Array<string>(5).fill("ab"),
    ]);
    const heard = blocks.map(({ clips, chunk }) => ({ clips, chunk }));
    expect(heard.slice(20)).toEqual(heard.slice(0, 20));
    const alone = planCost({ ...DESIGN, noiseFloor: false }, CLIPS, CHUNKS, 1);
    expect(alone.incarnations).toEqual(plan.incarnations.slice(5));
  });

  it("has as many blocks ABBA as BAAB in every pair of processes, in an order that the seed draws", () => {
    for (const { blocks: own } of plan.incarnations) {
      expect(own.map(({ order }) => order).sort()).toEqual(["ABBA", "ABBA", "BAAB", "BAAB"]);
    }
    const orders = (seed: number): string =>
      planCost(DESIGN, CLIPS, CHUNKS, seed)
        .incarnations.flatMap((each) => each.blocks.map(({ order }) => order))
        .join();
    expect(orders(1)).toBe(blocks.map(({ order }) => order).join());
    expect(new Set([1, 2, 3, 4].map(orders)).size).toBe(4);
  });

  it("gives the odd block to the one order as often as to the other", () => {
    const odd = planCost({ ...DESIGN, incarnations: 200, blocks: 1 }, CLIPS, CHUNKS, 1);
    const first = odd.incarnations.filter((each) => each.blocks[0]?.order === "ABBA").length;
    const begins = odd.incarnations.filter((each) => each.begins === "a").length;
    for (const count of [first, begins]) expect(Math.abs(count - 200)).toBeLessThan(60);
  });

  it("takes a clip of each quarter of the lengths, each as often as the others, and full chunks", () => {
    const usable = CLIPS.flatMap(({ id, pcm }) => (pcm === null ? [] : [id]));
    const quarters = [0, 1, 2, 3].map((part) =>
      usable.slice((39 * part) / 4, (39 * (part + 1)) / 4),
    );
    const quarterOf = (id: string): number => quarters.findIndex((ids) => ids.includes(id));
    for (const { clips } of blocks) expect(clips.map(quarterOf)).toEqual([0, 1, 2, 3]);
    const counts = Map.groupBy(
      blocks.flatMap(({ clips }) => clips),
      (id) => id,
    );
    expect(counts.has("clip-03")).toBe(false); // it cannot be decoded
    const times = [...counts.values()].map(({ length }) => length);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(2);
    expect(new Set(blocks.map(({ chunk }) => chunk))).toEqual(new Set(["000", "001"]));
    expect(plan.clip).toBe("clip-20");
  });

  it("is made of the clips that there are, and refuses to be made of none", () => {
    const few = planCost(
      DESIGN,
      CLIPS.slice(0, 2),
      [{ id: "000", clips: ["clip-00", "clip-01"] }],
      1,
    );
    for (const { blocks: own } of few.incarnations) {
      for (const { clips } of own) expect(clips).toEqual(["clip-00", "clip-01"]);
    }
    const mute = CLIPS.map((clip) => ({ ...clip, pcm: null }));
    expect(() => planCost(DESIGN, mute, CHUNKS, 1)).toThrow(InvalidArgumentError);
  });
});

describe("the measurements of timed calls", () => {
  const call = (change: Partial<CostCall>): CostCall => ({
    phase: "ab",
    incarnation: 1,
    attempt: 1,
    side: "a",
    arm: "mel",
    call: "single",
    block: 2,
    slot: 0,
    clip: "clip",
    clips: 1,
    wallMs: 20,
    pythonMs: 18,
    peakBytes: 5e8,
    peakSource: "high_water_mark",
    devicePeakBytes: null,
    joules: null,
    load: 1,
    seconds: 3,
    ...change,
  });

  it("are of blocks for single calls and batches, of the process for its first call and its peak", () => {
    const outside = { block: null, slot: null };
    const found = toMeasurements([
      call({ call: "load", ...outside, peakBytes: 9e8, wallMs: 4000, seconds: 1 }),
      call({ call: "first", ...outside, wallMs: 700 }),
      call({ call: "warm-up", ...outside, wallMs: 500 }),
      call({}),
      call({ call: "batch", clips: 16, wallMs: 200, joules: 8 }),
    ]);
    const place = { phase: "ab", arm: "a", process: 1, block: 0, seconds: 3 };
    expect(found).toEqual([
      { ...place, metric: "per-clip latency (ms)", unit: "block", block: 2, value: 20 },
      { ...place, metric: "throughput (clips/s)", unit: "block", block: 2, value: 80 },
      { ...place, metric: "first latency (ms)", unit: "process", value: 700 },
      { ...place, metric: "peak memory (MB)", unit: "process", value: 900, seconds: 1 },
      { ...place, metric: "energy (J/clip)", unit: "block", block: 2, value: 0.5 },
    ]);
  });

  it("leave out what only one of the arms has", () => {
    const device = { devicePeakBytes: 2e9 };
    const metrics = (...calls: CostCall[]): Set<string> =>
      new Set(toMeasurements(calls).map(({ metric }) => metric));
    const both = metrics(call(device), call({ ...device, side: "b" }));
    expect(both).toContain("peak device memory (MB)");
    expect(metrics(call(device), call({ side: "b" }))).not.toContain("peak device memory (MB)");
  });
});

describe("the clips that are timed", () => {
  const planned = (...clips: string[]): PlannedIncarnation => {
    const blocks = [{ order: "ABBA", clips, chunk: "000" }] as const;
    return { phase: "ab", incarnation: 0, begins: "a", blocks };
  };

  it("are those that both arms could hear", async () => {
    const run = await openRun(makeParent(), makeOpening());
    const row = (clip: string, failure: object | null = null): object => ({ clip, failure });
    await run.appendChunk("hear", {
      "answers/a.jsonl": [row("clip-00"), row("clip-01"), row("clip-02")],
      // Of the last clip it was asked nothing.
      "answers/b.jsonl": [row("clip-00", { code: "invalid_audio" }), row("clip-01")],
    });
    const heard = { folder: "", clips: CLIPS, chunks: CHUNKS, bySource: [], arms: [], tasks: [] };
    const hearing = { ...heard, cropSeconds: null, cache: false };
    const clips = await CostClips.read(run, DESIGN, hearing);
    await run.close();
    expect(clips.chunk("000").map(({ id }) => id)).toEqual(["clip-01"]);
    expect(clips.file("clip-00").id).toBe("clip-01");
    expect(clips.heard(planned("clip-00", "clip-01")).blocks[0]?.clips).toEqual(["clip-01"]);
    expect(() => clips.heard(planned("clip-00", "clip-02"))).toThrow(InvalidArgumentError);
  });
});

describe("energy", () => {
  const reading = (
    name: string,
    joules: number,
    wraps_at: number | null = null,
  ): EnergyReading => ({
    counters: [{ name, source: wraps_at === null ? "nvml" : "rapl", joules, wraps_at }],
    reason: null,
  });

  it("is the difference of two readings, also over the end of the counter", () => {
    expect(joulesBetween(reading("cpu", 40, 100), reading("cpu", 55, 100))).toBe(15);
    expect(joulesBetween(reading("cpu", 95, 100), reading("cpu", 5, 100))).toBe(10);
    expect(joulesBetween({ counters: [], reason: "none" }, reading("cpu", 5))).toBeNull();
    expect(joulesBetween(reading("cpu", 40), reading("gpu", 55))).toBeNull();
  });

  it("compares arms that the same hardware counts, and says why it does not", () => {
    expect(sharedCounters(reading("cpu", 1), reading("cpu", 2)).reason).toBeNull();
    expect(sharedCounters(reading("cpu", 1), reading("gpu", 2)).reason).toContain("cpu and gpu");
    const none = { counters: [], reason: "no RAPL counter" };
    expect(sharedCounters(reading("cpu", 1), none)).toEqual(none);
    expect(leastSeconds(none)).toBe(0);
    expect(leastSeconds(reading("gpu", 1))).toBe(2);
  });
});
