import { sharedBridge } from "../bridge/shared-bridge.ts";
import type { StatisticsOptions } from "../compare/probe.ts";
import type { EmbeddingTable } from "../embedding/embedding-table.ts";
import { ClusterOutcome } from "./cluster-outcome.ts";

/** What is clustered: an embedding table, or features alone. A row with NaN is left out. */
export type ClusterSource = Pick<EmbeddingTable, "features" | "shape">;

/** How to cluster, and what to hold the clusters against. */
export interface ClusterOptions extends StatisticsOptions {
  /** Known class of each clip, for the agreement only: they never enter the clustering. */
  readonly labels?: readonly string[] | undefined;
  /**
   * Source of each clip (preset, voice, speaker): labels are permuted by it; from 10 sources on,
   * bootstraps draw whole sources, and null data sets keep what clips of a source have in common.
   */
  readonly groups?: readonly string[] | undefined;
  /**
   * `hdbscan` finds the number of clusters, and leaves noise; `kmeans` needs `clusters`.
   * @default "hdbscan"
   */
  readonly method?: "hdbscan" | "kmeans" | undefined;
  /**
   * Before clustering; `spectral` is a diffusion map of the graph of nearest neighbours.
   * @default "spectral"
   */
  readonly reduction?: "spectral" | "pca" | "none" | undefined;
  /**
   * Of the reduction, 1 to 256.
   * @default 10
   */
  readonly dimensions?: number | undefined;
  /** k of k-means. Minimum: 2. */
  readonly clusters?: number | undefined;
  /**
   * Clips that HDBSCAN calls a cluster. Minimum: 2.
   * @default 10
   */
  readonly minClusterSize?: number | undefined;
  /**
   * How dense HDBSCAN wants it to be: more makes more noise. Minimum: 1.
   * @default 3
   */
  readonly minSamples?: number | undefined;
  /**
   * Also place the clips in two dimensions, to look at.
   * @default true
   */
  readonly map?: boolean | undefined;
  /**
   * Also measure stability against features without structure: the verdict.
   * @default true
   */
  readonly evidence?: boolean | undefined;
  /**
   * Bootstrap draws per stability, 2 to 1000.
   * @default 10
   */
  readonly draws?: number | undefined;
  /**
   * Data sets without structure, of each of two kinds. Fewer than 19 cannot show structure.
   * @default 19
   */
  readonly nulls?: number | undefined;
  /**
   * The same seed gives the same clusters.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/**
 * Groups in the features, with evidence: whether they come out again, whether features without
 * structure would show as much, and whether they agree with known classes.
 *
 * @throws OperationFailedError `invalid_request`: lengths that differ, fewer than 3 clips with
 * features, k-means without `clusters`
 */
export async function cluster(
  source: ClusterSource,
  options: ClusterOptions = {},
): Promise<ClusterOutcome> {
  const { features, shape } = source;
  const { bridge = sharedBridge(), signal, timeoutMs, onProgress, priority, ...recipe } = options;
  const { minClusterSize, minSamples, labels, groups, ...same } = recipe;
  const data = withoutUndefined({
    ...same,
    labels,
    groups,
    min_cluster_size: minClusterSize,
    min_samples: minSamples,
  });
  const result = await bridge.executeOperation(
    "cluster",
    { features: { data: features, shape }, ...data },
    { signal, timeoutMs, onProgress, priority },
  );
  return new ClusterOutcome(result);
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** The protocol knows fields that are absent, but none that are undefined. */
function withoutUndefined<T extends object>(fields: T): Partial<Defined<T>> {
  const defined = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined) as Partial<Defined<T>>;
}
