import { afterAll, describe, expect, expectTypeOf, it } from "vitest";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import { type ClusterSource, cluster } from "../../cluster/cluster.ts";
import { DISPLAY, type MimeBundle } from "../../display/mime.ts";
import type { EmbeddingTable } from "../../index.ts";

const CLIPS = 120;
const WIDTH = 8;
const KINDS = 4;
const labels = Array.from({ length: CLIPS }, (_, clip) => `kind-${clip % KINDS}`);
const groups = Array.from({ length: CLIPS }, (_, clip) => `source-${clip % (10 * KINDS)}`);

/** Numbers between -1 and 1 that look random, the same ones each time. */
function jitter(index: number): number {
  const value = Math.sin(index * 12.9898) * 43_758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** Each kind has two columns of its own, in which it is loud. */
const features = Float32Array.from({ length: CLIPS * WIDTH }, (_, index) => {
  const kind = Math.floor(index / WIDTH) % KINDS;
  return jitter(index) + (Math.floor((index % WIDTH) / 2) === kind ? 4 : 0);
});
const shape = [CLIPS, WIDTH] as const;

/** Clusters alone: neither evidence nor map. */
const plain = { evidence: false, map: false };

afterAll(() => sharedBridge().shutdown());

describe("cluster", () => {
  it("finds planted kinds, with evidence beside them", async () => {
    const stages = new Set<string>();
    const outcome = await cluster(
      { features, shape },
      { labels, groups, draws: 3, onProgress: ({ stage }) => stages.add(stage) },
    );
    expect(outcome.clusters).toBe(KINDS);
    expect(outcome.sizes).toEqual([30, 30, 30, 30]);
    expect(outcome).toMatchObject({ noiseShare: 0, leftOut: 0 });
    expect(outcome.agreement?.ami).toBeCloseTo(1);
    expect(outcome.agreement?.vMeasure).toBeCloseTo(1);
    expect(outcome.agreement).toMatchObject({ permuted: "sources", pValue: 0.01 });
    expect(outcome.agreement?.permutedAmi).toHaveLength(99);
    expect(outcome.stability?.verdict).toBe("structure");
    expect(outcome.stability?.gaussian).toHaveLength(19);
    expect(outcome.stability?.permutedColumns).toHaveLength(19);
    expect(outcome.map).toHaveLength(CLIPS);
    expect(outcome.trustworthiness).toBeGreaterThan(0.8);
    expect(outcome.settings).toContain("3 bootstrap draws of whole sources");
    const phases = outcome.memoryUsage.phases.map(({ phase }) => phase);
    expect(phases).toEqual(["import", "reduce", "cluster", "evidence", "map"]);
    expect(stages).toContain("evidence");
    expect(String(outcome)).toMatch(
      /^ClusterOutcome\(4 clusters, 0 % noise, AMI 1\.00 with the labels: structure\)$/,
    );

    // ShownObject defines it under a symbol, which the class cannot declare.
    const shown = outcome as unknown as Record<typeof DISPLAY, () => MimeBundle>;
    const bundle = shown[DISPLAY]();
    expect(bundle["text/plain"]).toBe(String(outcome));
    expect(bundle["text/html"]).toContain("stability over bootstraps");
    expect(bundle["text/html"]).toContain(outcome.stability?.reason);
  }, 60_000);

  it("gives the same clusters for the same seed, and k of them with k-means", async () => {
    const options = {
      ...plain,
      method: "kmeans",
      clusters: 4,
      reduction: "pca",
      dimensions: 3,
    } as const;
    const first = await cluster({ features, shape }, options);
    const again = await cluster({ features, shape }, { ...options, seed: undefined });
    expect(again.assignments).toEqual(first.assignments);
    expect(first.clusters).toBe(4);
    expect(first).toMatchObject({ agreement: null, stability: null, map: null });
  });

  it("leaves failed clips out, row by row", async () => {
    const damaged = features.slice().fill(Number.NaN, 2 * WIDTH, 3 * WIDTH);
    const outcome = await cluster({ features: damaged, shape }, plain);
    expect(outcome.leftOut).toBe(1);
    expect(outcome.assignments[2]).toBeNull();
    expect(outcome.assignments.filter((value) => value === null)).toHaveLength(1);
  });

  it.each([
    ["k-means without k", { method: "kmeans" }, /k-means needs `clusters`/],
    ["a label too few", { labels: labels.slice(1) }, /one label per clip, got 119/],
  ] as const)("refuses %s", async (_, options, said) => {
    const call = cluster({ features, shape }, { ...plain, ...options });
    await expect(call).rejects.toMatchObject({ code: "invalid_request" });
    await expect(call).rejects.toThrow(said);
  });

  it("is cancelled by its signal, and the process goes on", async () => {
    const controller = new AbortController();
    const call = cluster(
      { features, shape },
      {
        draws: 1000,
        nulls: 1000,
        signal: controller.signal,
        onProgress: ({ stage }) => stage === "evidence" && controller.abort(new Error("enough")),
      },
    );
    await expect(call).rejects.toThrow("enough");
    expect((await cluster({ features, shape }, plain)).clusters).toBe(KINDS);
  }, 60_000);

  it("takes an embedding table as it is", () => {
    expectTypeOf<EmbeddingTable>().toExtend<ClusterSource>();
  });
});
