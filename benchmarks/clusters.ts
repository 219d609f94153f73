/**
 * Which clusters do our embeddings show, by which recipe, and are they more than chance?
 *
 * The shipped samples by four embeddings (one of random weights), clustered by each reduction and
 * method. AMI and ARI are with the classes, which the clustering never sees; k-means is told how
 * many there are. Bootstrap stability counts a noise clip as alone. The verdict is asked of the
 * default reduction only; UMAP is tried where umap-learn is found.
 *
 * `node benchmarks/clusters.ts [--nulls N] [--note TEXT]`; the record is kept from 19 nulls on.
 * GRYM_UMAP_PYTHON names another Python, which has umap-learn.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  type ClusterOutcome,
  cluster,
  type EmbeddingTable,
  embed,
  findPython,
  formatRecord,
  GAMABridge,
  GAMAService,
  MelStatisticsService,
  type RecordRow,
  Wav2Vec2Service,
  writeRecord,
} from "grym-synth";
import { openSamples } from "../datasets/index.ts";

const REDUCTIONS = ["spectral", "pca", "none"] as const;
const METHODS = ["hdbscan", "kmeans"] as const;
/** Fewer cannot show structure; a shorter run shows that the benchmark works. */
const NULLS_TO_KEEP = 19;

const { values } = parseArgs({
  options: { nulls: { type: "string", default: "19" }, note: { type: "string", multiple: true } },
});
const nulls = Number(values.nulls);
if (!Number.isInteger(nulls) || nulls < 1) {
  throw new Error(`--nulls has to be a whole number >= 1, got ${values.nulls}`);
}

await using bridge = new GAMABridge();
const folder = mkdtempSync(join(tmpdir(), "clusters-"));
const samples = await openSamples();
const labels = samples.rows.map(({ labels }) => labels.class);
const groups = samples.rows.map(({ clusterId }) => clusterId);
const classes = new Set(labels).size;

type Method = (typeof METHODS)[number];
type Reduction = (typeof REDUCTIONS)[number];

/** One recipe on one embedding; its seconds are those of the clustering alone. */
async function measure(table: EmbeddingTable, reduction: Reduction, method: Method) {
  const recipe = {
    bridge,
    reduction,
    method,
    map: false,
    clusters: method === "kmeans" ? classes : undefined,
  } as const;
  const alone = await cluster(table, { ...recipe, evidence: false });
  const judged = reduction === "spectral" ? nulls : 1;
  const outcome = await cluster(table, { ...recipe, labels, groups, nulls: judged });
  return writeRow(table.modelId, reduction, method, alone.processingTime, outcome);
}

function writeRow(
  model: string,
  reduction: Reduction,
  method: Method,
  seconds: number,
  { clusters, noiseShare, agreement, stability }: ClusterOutcome,
): RecordRow {
  const judged = reduction === "spectral";
  return {
    model,
    reduction,
    method,
    clusters,
    noise: noiseShare,
    ami: agreement?.ami ?? null,
    ari: agreement?.ari ?? null,
    ami_p: agreement?.pValue ?? null,
    seeds: stability?.seeds ?? null,
    bootstrap: stability?.bootstrap ?? null,
    permuted_columns: judged ? median(stability?.permutedColumns ?? []) : null,
    gaussian: judged ? median(stability?.gaussian ?? []) : null,
    verdict: judged ? (stability?.verdict ?? null) : null,
    seconds,
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}

interface UmapRows {
  readonly rows: RecordRow[] | null;
  readonly first?: number;
  readonly version?: string;
}

/** UMAP's rows, by a Python of its own: null where it has no umap-learn. */
async function measureUmap(tables: readonly EmbeddingTable[]): Promise<UmapRows> {
  const job: Record<string, unknown> = {};
  for (const [index, table] of tables.entries()) {
    const features = join(folder, `${index}.npy`);
    await table.toNpy(features);
    job[table.modelId] = { features, labels, classes };
  }
  const path = join(folder, "job.json");
  writeFileSync(path, JSON.stringify(job));
  const python = process.env["GRYM_UMAP_PYTHON"] || findPython();
  const script = join(import.meta.dirname, "clusters", "umap_rows.py");
  // That Python need not know our package.
  const env = { ...process.env, PYTHONPATH: join(import.meta.dirname, "..", "python", "src") };
  const { status, stdout, stderr } = spawnSync(python, [script, path], { encoding: "utf8", env });
  if (status !== 0) throw new Error(`umap_rows.py ended with ${status}\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as UmapRows;
}

const services = [
  new GAMAService({ bridge }),
  new Wav2Vec2Service({ bridge }),
  new MelStatisticsService({ bridge, kind: "fbank" }),
  new GAMAService({ bridge, weights: "random", seed: 1 }),
];
const tables: EmbeddingTable[] = [];
for (const service of services) tables.push(await embed(service, samples));

const rows: RecordRow[] = [];
for (const table of tables) {
  for (const reduction of REDUCTIONS) {
    for (const method of METHODS) rows.push(await measure(table, reduction, method));
  }
}
const umap = await measureUmap(tables);
rows.push(...(umap.rows ?? []).map((row) => ({ ...row, verdict: null })));

const trained = rows.find((row) => row["reduction"] === "spectral");
const record = await writeRecord(
  "clusters",
  {
    question:
      "Which clusters do our embeddings show, by which recipe, and are they more than chance?",
    rows,
    targets: [
      {
        name: "gama-tiny, default recipe: AMI with the classes",
        value: Number(trained?.["ami"]),
        goal: 0.5,
        better: "higher",
      },
      {
        name: "gama-tiny, default recipe: bootstrap stability above the harder null",
        value:
          Number(trained?.["bootstrap"]) -
          Math.max(Number(trained?.["gaussian"]), Number(trained?.["permuted_columns"])),
        goal: 0.1,
        better: "higher",
      },
    ],
    notes: [
      `${labels.length} shipped samples, ${classes} classes, ${new Set(groups).size} sources; bootstraps draw whole sources (UMAP's: clips); medians of ${nulls} nulls of each kind.`,
      "seconds: standardising, reducing and clustering once; the first row includes the import of scikit-learn.",
      umap.rows === null
        ? "No UMAP rows: umap-learn is not installed."
        : `UMAP (umap-learn ${umap.version}, 5 dimensions, in a Python of its own): import and first call ${umap.first?.toFixed(1)} s.`,
      ...(values.note ?? []),
    ],
  },
  { bridge, folder: nulls < NULLS_TO_KEEP ? folder : undefined },
);
console.log(formatRecord(record));
