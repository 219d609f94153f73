import { describe, expect, it } from "vitest";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import { fewShot } from "../../compare/few-shot.ts";
import { pairedDifference } from "../../compare/paired-difference.ts";
import { probe } from "../../compare/probe.ts";
import { probeTags } from "../../compare/probe-tags.ts";
import { retrieve } from "../../compare/retrieve.ts";

const SOURCES = 12;
const CLIPS = 6;
const groups = Array.from(
  { length: SOURCES * CLIPS },
  (_, index) => `source-${Math.floor(index / CLIPS)}`,
);
const labels = groups.map((_, index) => (index % 2 === 0 ? "even" : "odd"));

/** Two features: the label with a little noise, and noise alone. */
const features = Float32Array.from({ length: groups.length * 2 }, (_, index) => {
  const noise = Math.sin(index * 12.9898) * 0.2;
  return index % 2 === 0 ? noise + (labels[index / 2] === "even" ? 1 : -1) : noise;
});

const shape = [groups.length, 2] as const;

describe("probe", () => {
  it.each(["linear", "knn"] as const)("reads an easy label off the features (%s)", async (kind) => {
    const outcome = await probe({ features, shape, labels, groups, kind, folds: 4 });
    expect(outcome.accuracy).toBe(1);
    expect(outcome.correct).toHaveLength(groups.length);
    expect(outcome.predictions).toEqual(labels);
    expect(outcome.sources).toBe(SOURCES);
    expect(outcome.processingTime).toBeGreaterThan(0);
    const foldsOfSource = new Set(groups.map((group, index) => `${group} ${outcome.fold[index]}`));
    expect(foldsOfSource.size).toBe(SOURCES);
  });
});

it("a network learns it, too, on the folds of a benchmark, where half of the sources only train", async () => {
  const fold = groups.map((_, index) => (index < groups.length / 2 ? 0 : -1));
  const outcome = await probe({ features, shape, labels, groups, kind: "mlp", fold });
  expect(outcome).toMatchObject({ accuracy: 1, sources: SOURCES / 2, fold });
  expect(outcome.parameters).toBe(3 * 128 + 129 * 2);
  expect(outcome.inner).toHaveLength(1);
});

it("a few examples teach it", async () => {
  const outcome = await fewShot({ features, shape, labels, groups, perLabel: 4, draws: 3 });
  expect(outcome.accuracy).toBeGreaterThan(0.9);
  expect(outcome.draws).toHaveLength(3);
  expect(outcome.share).toHaveLength(groups.length);
  const asked = { features, shape, labels, groups: groups.map(() => "one") };
  await expect(fewShot(asked)).rejects.toMatchObject({ code: "invalid_request" });
});

it("tags of clips that have several, or none, are scored", async () => {
  const tags = labels.map((label, at) => (at % 5 === 0 ? [] : [label]));
  const outcome = await probeTags({ features, shape, tags, groups });
  expect(outcome.names).toEqual(["even", "odd"]);
  expect(outcome.scores).toHaveLength(2 * groups.length);
  expect(outcome.meanAp).toBeGreaterThan(0.7);
  const none = probeTags({ features, shape, tags: labels.map(() => []), groups });
  await expect(none).rejects.toMatchObject({ code: "invalid_request" });
});

it("clips find those of their label in other sources", async () => {
  const outcome = await retrieve({ features, shape, labels, groups, ks: [1, 2] });
  expect(outcome).toMatchObject({ ks: [1, 2], failed: 0, recall: [1, 1] });
  expect(outcome.meanAp).toBeGreaterThan(0.9);
  expect(outcome.asked.every(Boolean)).toBe(true);
  const none = retrieve({ features, shape, labels, groups, ks: [0] });
  await expect(none).rejects.toMatchObject({ code: "invalid_request" });
});

describe("pairedDifference", () => {
  const good = groups.map((_, index) => index % 7 !== 0);
  const bad = groups.map((_, index) => index % 3 === 0);

  it("gives the difference with an interval by source", async () => {
    const result = await pairedDifference({ a: good, b: bad, groups });
    expect(result.difference).toBeCloseTo(result.meanA - result.meanB, 12);
    expect(result.meanA).toBeCloseTo(good.filter(Boolean).length / good.length, 12);
    expect(result).toMatchObject({ clips: groups.length, sources: SOURCES, reason: null });
    expect(result.interval?.low).toBeLessThan(result.difference);
    expect(result.interval?.high).toBeGreaterThan(result.difference);
    expect(result.pValue).toBeLessThan(0.05);
    expect(result.onlyA).toBe(good.filter((right, index) => right && !bad[index]).length);
  });

  it("prints no interval below ten sources, and says why", async () => {
    const few = groups.map((_, index) => `source-${index % 9}`);
    const result = await pairedDifference({ a: good, b: bad, groups: few });
    expect(result).toMatchObject({ interval: null, pValue: null, sources: 9 });
    expect(result.reason).toMatch(/9|ten|10/);
  });

  it("is zero between an arm and itself", async () => {
    const result = await pairedDifference({ a: good, b: good, groups });
    expect(result).toMatchObject({ difference: 0, onlyA: 0, onlyB: 0, pValue: 1 });
  });

  it("refuses arms of different length", async () => {
    const call = pairedDifference({ a: good, b: bad.slice(1), groups });
    await expect(call).rejects.toMatchObject({ code: "invalid_request" });
    await sharedBridge().shutdown();
  });
});
