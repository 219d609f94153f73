import type { ClusterResult } from "../bridge/protocol.gen.ts";
import { html } from "../display/html.ts";
import { table } from "../display/table.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { ShownObject } from "../shown-object.ts";

/** Agreement of clusters with known classes; noise counts as one cluster of its own. */
export interface ClusterAgreement {
  /** Adjusted mutual information: 0 by chance, 1 the same partition. */
  readonly ami: number;
  /** Adjusted Rand index. */
  readonly ari: number;
  /** Harmonic mean of the next two; not adjusted for chance, it grows with the number of clusters. */
  readonly vMeasure: number;
  /** 1 where each cluster has one label. */
  readonly homogeneity: number;
  /** 1 where each label lies in one cluster. */
  readonly completeness: number;
  /** The same for permuted labels, one per permutation. */
  readonly permutedAmi: readonly number[];
  readonly permutedAri: readonly number[];
  /**
   * What was permuted: the labels of whole sources, where each source has one label; else labels
   * of clips, among those of the same source where sources are given.
   */
  readonly permuted: "sources" | "clips";
  /** Share of label permutations (and the labels themselves) with as high an AMI. */
  readonly pValue: number;
}

/** Whether the same clusters come out again, and more so than of features without structure. */
export interface ClusterStability {
  /**
   * Mean adjusted Rand index, on shared clips, between the clustering of a bootstrap draw and that
   * of all clips; a noise clip counts as alone, and fewer than two clusters as 0.
   */
  readonly bootstrap: number;
  /** The same between the clusterings of all clips with other seeds and this one. */
  readonly seeds: number;
  /** `bootstrap` with each column permuted by itself, one per null data set. */
  readonly permutedColumns: readonly number[];
  /** `bootstrap` of Gaussian noise with the features' own covariance: one blob, no clusters. */
  readonly gaussian: readonly number[];
  /** Share of null data sets (and the features) as stable, of the harder of the two kinds. */
  readonly pValue: number;
  /**
   * `structure`: more than one blob would show. A bent or skewed cloud is more than that, too, and
   * sounds differ for a model of random weights as well: what the clusters mean, `agreement` tells.
   */
  readonly verdict: "structure" | "no structure";
  /** The verdict in one sentence, with its numbers. */
  readonly reason: string;
}

/** What was found in the features, and how far to believe it. A notebook shows it as a table. */
export class ClusterOutcome extends ShownObject {
  /** Per clip: its cluster (0 is the largest), -1 for noise, null for a clip without features. */
  readonly assignments: readonly (number | null)[];
  readonly clusters: number;
  /** Clips of each cluster, largest first. */
  readonly sizes: readonly number[];
  /** Of the clips with features. */
  readonly noiseShare: number;
  /** Clips without features. */
  readonly leftOut: number;
  /** Per clip its place in two dimensions, by t-SNE: to look at; distances in it mean little. */
  readonly map: readonly (readonly [x: number, y: number] | null)[] | null;
  /** Of the map, in [0, 1]: whether neighbours on it are neighbours in the features. */
  readonly trustworthiness: number | null;
  /** null without labels, or where all are the same. */
  readonly agreement: ClusterAgreement | null;
  /** null without evidence. */
  readonly stability: ClusterStability | null;
  /** What was done, in words, with the versions that it depends on. */
  readonly settings: string;
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;

  constructor(result: ClusterResult) {
    const agreement = readAgreement(result);
    const stability = readStability(result);
    super(describe(result), () => ({
      "text/html": html`${table(listFacts(result), { title: describe(result) })}<p>${
        stability?.reason ?? "No evidence was asked for."
      }</p><p><small>${result.settings}</small></p>`.source,
    }));
    this.assignments = result.assignments;
    this.clusters = result.clusters;
    this.sizes = result.sizes;
    this.noiseShare = result.noise_share;
    this.leftOut = result.left_out;
    this.map =
      result.map?.map((place) => place && ([place[0] ?? 0, place[1] ?? 0] as const)) ?? null;
    this.trustworthiness = result.trustworthiness;
    this.agreement = agreement;
    this.stability = stability;
    this.settings = result.settings;
    this.processingTime = result.processing_time;
    this.memoryUsage = toMemoryUsage(result.memory_usage);
  }
}

function readAgreement({ agreement }: ClusterResult): ClusterAgreement | null {
  if (agreement === null) return null;
  const { permuted_ami, permuted_ari, p_value, v_measure, ...rest } = agreement;
  const permuted = { permutedAmi: permuted_ami, permutedAri: permuted_ari };
  return { ...rest, ...permuted, vMeasure: v_measure, pValue: p_value };
}

function readStability({ stability }: ClusterResult): ClusterStability | null {
  if (stability === null) return null;
  const { permuted_columns, p_value, ...rest } = stability;
  return { ...rest, permutedColumns: permuted_columns, pValue: p_value };
}

function describe({ clusters, noise_share, agreement, stability }: ClusterResult): string {
  const labels = agreement === null ? "" : `, AMI ${agreement.ami.toFixed(2)} with the labels`;
  const verdict = stability === null ? "" : `: ${stability.verdict}`;
  const noise = `${(100 * noise_share).toFixed(0)} % noise`;
  return `ClusterOutcome(${clusters} clusters, ${noise}${labels}${verdict})`;
}

/** One row per measure, with what chance gives beside it. */
function listFacts({ agreement, stability, trustworthiness }: ClusterResult) {
  const rows: Record<string, string | number | null>[] = [];
  const add = (measure: string, value: number, chance: number | null, p: number | null): void => {
    rows.push({ measure, value, "without structure (median)": chance, p });
  };
  if (stability !== null) {
    const { bootstrap, permuted_columns, gaussian, p_value, seeds } = stability;
    const hardest = Math.max(median(permuted_columns), median(gaussian));
    add("stability over bootstraps", bootstrap, hardest, p_value);
    add("stability over seeds", seeds, null, null);
  }
  if (agreement !== null) {
    const { ami, ari, permuted_ami, permuted_ari, permuted, p_value } = agreement;
    add(`AMI with labels (permuted by ${permuted})`, ami, median(permuted_ami), p_value);
    add("ARI with labels", ari, median(permuted_ari), null);
  }
  if (trustworthiness !== null) add("trustworthiness of the map", trustworthiness, null, null);
  return rows;
}

/** The upper one of an even number; for a table. */
function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
