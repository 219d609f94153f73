/**
 * What does a pattern store cost that loses nothing, and is its search exact?
 *
 * Three ways, interleaved, over the same vectors at each size:
 * - ours: `PatternStorage`: replaced by id, fsync before the promise resolves, exact search, whole
 *   patterns back;
 * - direct: LanceDB as its quick start has it: `add`, no fsync, no upkeep, its own search;
 * - scan: unit vectors in a Float32Array and one pass over them; nothing on disk, only ids back.
 *
 * Vectors: the shipped samples' embeddings, and as many more as a size needs by adding noise to
 * them. Recall is of the ten nearest, against a search in double precision.
 *
 * `node benchmarks/patterns.ts [--n SEARCHES] [--note TEXT]`; below 50 searches only the smallest
 * size is run, with a light model and few samples, and the record is not kept.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import {
  formatRecord,
  GAMAService,
  MelStatisticsService,
  type ModelService,
  type RecordRow,
  sharedBridge,
  type Target,
  writeRecord,
} from "grym-synth";
import { makeDirect, makeOurs } from "./patterns/arms.ts";
import { type Arm, LIMIT, makeScan, nearest } from "./patterns/scan.ts";
import { embedSamples, JITTER } from "./patterns/vectors.ts";

const SIZES = [1_000, 10_000, 100_000];
const SEARCHES_TO_KEEP = 50;
const BATCH = 1_000;
const STORES = 40;
const RECALL_QUERIES = 100;
const TMPFS = 0x01021994;

type Way = "ours" | "direct" | "scan";
const WAYS: readonly Way[] = ["ours", "direct", "scan"];
/** Those that store one after the other; `scan` has only memory to fill. */
const STORING: readonly Way[] = ["ours", "direct"];
type Times = Record<Way, number[]>;

const { values } = parseArgs({
  options: { n: { type: "string", default: "200" }, note: { type: "string", multiple: true } },
});
const searches = Number(values.n);
if (!Number.isInteger(searches) || searches < 1) {
  throw new Error(`--n has to be a whole number >= 1, got ${values.n}`);
}
const isKept = searches >= SEARCHES_TO_KEEP;

const root = mkdtempSync(join(tmpdir(), "patterns-"));
process.once("exit", () => rmSync(root, { recursive: true, force: true }));
await using service: ModelService = isKept ? new GAMAService() : new MelStatisticsService();
const source = await embedSamples(service, isKept ? undefined : 60);
const { modelId, revision, layer, dimension } = source;
const model = { modelId, revision, layer, pooling: "mean" as const, dimension };

/** What a round of steps took, ms by way. */
interface Round {
  readonly steps: Partial<Record<Way, number>>;
  /** Upkeep after the step's promise had resolved: waited for, or it would slow the next way. */
  readonly upkeep: Partial<Record<Way, number>>;
}

/** Runs one step with each way in turn, another one first each time. */
async function interleave(
  round: number,
  ways: readonly Way[],
  arms: Readonly<Record<Way, Arm>>,
  step: (arm: Arm, way: Way) => Promise<void>,
): Promise<Round> {
  const steps: Partial<Record<Way, number>> = {};
  const upkeep: Partial<Record<Way, number>> = {};
  for (const [index] of ways.entries()) {
    const way = ways[(index + round) % ways.length] ?? "ours";
    const start = performance.now();
    await step(arms[way], way);
    const end = performance.now();
    await arms[way].idle();
    steps[way] = end - start;
    upkeep[way] = performance.now() - end;
  }
  return { steps, upkeep };
}

function collect(times: Times, round: Partial<Record<Way, number>>): void {
  for (const way of WAYS) if (round[way] !== undefined) times[way].push(round[way]);
}

function quantile(numbers: readonly number[], share: number): number | null {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}

function mean(numbers: readonly number[]): number | null {
  if (numbers.length === 0) return null;
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function toIds(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, row) => `${prefix}${row}`);
}

/** Share of the ten nearest in double precision that were found. */
function recall(found: readonly string[], vectors: Float64Array, query: Float32Array): number {
  const right = new Set(nearest(vectors, toUnits(query), dimension).map((row) => `p${row}`));
  return found.filter((id) => right.has(id)).length / LIMIT;
}

/** Rows at length 1, in double precision. */
function toUnits(vectors: Float32Array): Float64Array {
  const units = Float64Array.from(vectors);
  for (let start = 0; start < units.length; start += dimension) {
    const row = units.subarray(start, start + dimension);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let at = 0; at < dimension; at += 1) row[at] = (row[at] ?? 0) / length;
  }
  return units;
}

/** Bytes of a process that has opened an arm's store and searched it. */
async function residentMemory(arm: Way | "empty", folder: string): Promise<number> {
  const script = join(import.meta.dirname, "patterns", "memory.ts");
  const argv = ["--no-warnings", "--expose-gc", script, arm, folder, JSON.stringify(model)];
  const { stdout } = await promisify(execFile)(process.execPath, argv);
  return Number(stdout);
}

interface SizeResult {
  readonly rows: RecordRow[];
  readonly recall: number;
  readonly searchMs: number;
  readonly storeMs: number;
}

async function measure(size: number): Promise<SizeResult> {
  const folder = join(root, String(size));
  mkdirSync(folder);
  const vectors = source.draw(size, 1);
  await using ours = makeOurs(join(folder, "ours"), model);
  await using direct = await makeDirect(join(folder, "direct"), model);
  await using scan = makeScan(dimension);
  const arms: Record<Way, Arm> = { ours, direct, scan };

  // Bulk: a thousand at a time, until the size is reached.
  const bulk: Times = { ours: [], direct: [], scan: [] };
  const bulkUpkeep: Times = { ours: [], direct: [], scan: [] };
  const ids = toIds(size, "p");
  for (let start = 0; start < size; start += BATCH) {
    const part = ids.slice(start, start + BATCH);
    const rows = vectors.subarray(start * dimension, (start + part.length) * dimension);
    const { steps, upkeep } = await interleave(start / BATCH, STORING, arms, (arm) =>
      arm.store(part, rows),
    );
    collect(bulk, steps);
    collect(bulkUpkeep, upkeep);
  }
  await scan.store(ids, vectors);

  // Memory, in processes of their own, before the single stores make the files many.
  writeFileSync(join(folder, "vectors.f32"), vectors);
  const empty = await residentMemory("empty", folder);
  const memory = { ours: 0, direct: 0, scan: 0 };
  for (const way of WAYS) memory[way] = (await residentMemory(way, folder)) - empty;

  // Search, after one that loads what a way keeps in memory.
  const queries = source.draw(searches, 2);
  const search: Times = { ours: [], direct: [], scan: [] };
  const recalls: Record<Way, number[]> = { ours: [], direct: [], scan: [] };
  const exact = toUnits(vectors);
  for (const way of WAYS) await arms[way].search(queries.subarray(0, dimension));
  for (let at = 0; at < searches; at += 1) {
    const query = queries.subarray(at * dimension, (at + 1) * dimension);
    const found: Partial<Record<Way, string[]>> = {};
    const { steps } = await interleave(at, WAYS, arms, async (arm, way) => {
      found[way] = await arm.search(query);
    });
    collect(search, steps);
    if (at >= RECALL_QUERIES) continue;
    for (const way of WAYS) recalls[way].push(recall(found[way] ?? [], exact, query));
  }

  // Single stores, each of a new pattern.
  const singles = source.draw(STORES, 3);
  const single: Times = { ours: [], direct: [], scan: [] };
  const singleUpkeep: Times = { ours: [], direct: [], scan: [] };
  for (let at = 0; at < STORES; at += 1) {
    const vector = singles.subarray(at * dimension, (at + 1) * dimension);
    const { steps, upkeep } = await interleave(at, STORING, arms, (arm) =>
      arm.store([`new${at}`], vector),
    );
    collect(single, steps);
    collect(singleUpkeep, upkeep);
  }

  const raw = size * dimension * Float32Array.BYTES_PER_ELEMENT;
  return {
    rows: WAYS.map((way) => ({
      patterns: size,
      way,
      store_p50_ms: quantile(single[way], 0.5),
      store_p95_ms: quantile(single[way], 0.95),
      store_upkeep_mean_ms: mean(singleUpkeep[way]),
      bulk_1000_p50_ms: quantile(bulk[way], 0.5),
      bulk_upkeep_mean_ms: mean(bulkUpkeep[way]),
      search_p50_ms: quantile(search[way], 0.5),
      search_p95_ms: quantile(search[way], 0.95),
      recall_at_10: mean(recalls[way]),
      memory_mb: memory[way] / 1e6,
      memory_over_vectors_mb: (memory[way] - raw) / 1e6,
    })),
    recall: mean(recalls.ours) ?? 0,
    searchMs: quantile(search.ours, 0.5) ?? 0,
    storeMs: quantile(single.ours, 0.5) ?? 0,
  };
}

const results = new Map<number, SizeResult>();
for (const size of isKept ? SIZES : SIZES.slice(0, 1)) results.set(size, await measure(size));

const largest = [...results.keys()].at(-1) ?? 0;
const targets: Target[] = [
  {
    name: "recall@10, worst size",
    value: Math.min(...[...results.values()].map((result) => result.recall)),
    goal: 0.99,
    better: "higher",
  },
  {
    name: `search p50 at ${largest} patterns, ms`,
    value: results.get(largest)?.searchMs ?? 0,
    goal: 50,
    better: "lower",
  },
  ...[...results].map(
    ([size, { storeMs }]): Target => ({
      name: `durable store p50 at ${size} patterns, ms`,
      value: storeMs,
      goal: 20,
      better: "lower",
    }),
  ),
];
const isRam = statfsSync(root).type === TMPFS;
const record = await writeRecord(
  "patterns",
  {
    question: "What does a pattern store cost that loses nothing, and is its search exact?",
    rows: [...results.values()].flatMap(({ rows }) => rows),
    targets,
    notes: [
      `Vectors: ${source.clips} shipped samples × ${dimension} (${modelId}, ${layer}, mean), drawn with noise of ${JITTER} of each feature's standard deviation; queries likewise, none of them stored.`,
      `${searches} searches for the nearest ${LIMIT}, ${STORES} single stores of new ids, bulk in batches of ${BATCH}; the ways interleaved. ours gives whole patterns and has synced to ${isRam ? "a disk in memory, where fsync is free" : "a disk"}; direct has synced nothing; scan keeps nothing.`,
      "upkeep: the mean time, after a store, until files were joined, indexed and old versions removed where that was due. ours does so after the promise has resolved; it is waited for, outside the times of either way. direct does none.",
      "memory: resident, of a process that opened the store and searched ten times, over an empty Node; over vectors: less the vectors' own bytes, which direct does not hold.",
      ...(values.note ?? []),
    ],
  },
  { bridge: sharedBridge(), folder: isKept ? undefined : mkdtempSync(join(tmpdir(), "record-")) },
);
console.log(formatRecord(record));
