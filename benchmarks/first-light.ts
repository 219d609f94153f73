/**
 * What does it cost to bring a clip to the model and its features back?
 *
 * Three ways, in turn, one clip at a time, from the clip's Float32Array to one of features. Each
 * has a process of its own: what a number array leaves behind to be freed is not another way's.
 * - arena: samples through shared memory, features back the same way (our bridge);
 * - seed: the seed's own bridge and process, samples and features as JSON number arrays;
 * - json: number arrays through our bridge, which reads them with msgspec.
 *
 * transport = wall time of the call - the process's own `processing_time`.
 *
 * `node benchmarks/first-light.ts [--n ROUNDS] [--note TEXT]`; the record is kept from 15 rounds on.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { findPython, formatRecord, GAMABridge, type RecordRow, writeRecord } from "grym-synth";
import { SeedBridge } from "./seed/seed-bridge.ts";

const SECONDS = 5;
const SAMPLE_RATE = 16_000;
const MODEL = "fbank";
const WARM_UP = 10;
const TOLERANCE = 1e-6;
/** A shorter run shows that the benchmark works; its record is not kept. */
const ROUNDS_TO_KEEP = 15;
/** One thread: the model's own threads would fight the transport for the cores. */
const ENVIRONMENT = { OMP_NUM_THREADS: "1" };

interface Answer {
  /** Seconds. */
  readonly processing: number;
  readonly features: Float32Array;
}

interface Round extends Answer {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds. */
  readonly transport: number;
}

/** A chord with a falling envelope and a little seeded noise, so that no number is round. */
function makeClip(): Float32Array {
  let state = 1;
  return Float32Array.from({ length: SECONDS * SAMPLE_RATE }, (_, index) => {
    state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647; // Park and Miller, CACM 31 (1988)
    const time = index / SAMPLE_RATE;
    const tones = [220, 277.18, 329.63].map((hertz) => Math.sin(2 * Math.PI * hertz * time));
    const chord = tones.reduce((sum, tone) => sum + tone, 0) / 4;
    return chord * Math.exp(-time / 2) + (state / 2_147_483_647 - 0.5) * 0.01;
  });
}

const { values } = parseArgs({
  options: { n: { type: "string", default: "31" }, note: { type: "string", multiple: true } },
});
const count = Number(values.n);
if (!Number.isInteger(count) || count < 1) {
  throw new Error(`--n has to be a whole number >= 1, got ${values.n}`);
}

const clip = makeClip();
await using bridge = new GAMABridge({ env: ENVIRONMENT });
await using jsonBridge = new GAMABridge({ env: ENVIRONMENT });
await using seed = new SeedBridge(findPython(), { ...process.env, ...ENVIRONMENT });

async function throughArena(): Promise<Answer> {
  const { features, processing_time } = await bridge.executeOperation("extract_features", {
    audio: { samples: { data: clip, shape: [clip.length] }, sample_rate: SAMPLE_RATE },
    model: MODEL,
  });
  if (Array.isArray(features) || !(features.data instanceof Float32Array)) {
    throw new Error("the features did not come as a float32 tensor");
  }
  return { processing: processing_time, features: features.data };
}

async function throughJson(): Promise<Answer> {
  const { features, processing_time } = await jsonBridge.executeOperation("extract_features", {
    audio: Array.from(clip),
    model: MODEL,
    reply: "json",
  });
  if (!Array.isArray(features)) throw new Error("the features did not come as an array");
  return { processing: processing_time, features: Float32Array.from(features.map(Number)) };
}

async function throughSeed(): Promise<Answer> {
  const { features, processing_time } = await seed.extractFeatures(Array.from(clip));
  return { processing: processing_time, features: Float32Array.from(features) };
}

const ways = { arena: throughArena, seed: throughSeed, json: throughJson };
type Way = keyof typeof ways;
const names: readonly Way[] = ["arena", "seed", "json"];

async function measure(way: Way): Promise<Round> {
  const start = performance.now();
  const answer = await ways[way]();
  const wall = performance.now() - start;
  return { ...answer, wall, transport: wall - answer.processing * 1000 };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function summarise(way: Way, rounds: readonly Round[]): RecordRow & { transport_ms: number } {
  const transports = rounds.map(({ transport }) => transport);
  return {
    way,
    rounds: rounds.length,
    wall_ms: median(rounds.map(({ wall }) => wall)),
    processing_ms: median(rounds.map(({ processing }) => processing * 1000)),
    transport_ms: median(transports),
    transport_min_ms: Math.min(...transports),
    transport_max_ms: Math.max(...transports),
  };
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} features against ${b.length}`);
  return a.reduce((worst, x, i) => Math.max(worst, Math.abs(x - (b[i] ?? 0))), 0);
}

const rounds: Record<Way, Round[]> = { arena: [], seed: [], json: [] };
let difference = 0;
for (let round = -WARM_UP; round < count; round += 1) {
  // Interleaved, each way first in turn: what else the machine does meets all alike.
  const results = new Map<Way, Round>();
  for (const [index] of names.entries()) {
    const way = names[(index + Math.abs(round)) % names.length] ?? "arena";
    results.set(way, await measure(way));
  }
  const expected = results.get("arena")?.features ?? new Float32Array();
  for (const [way, result] of results) {
    difference = Math.max(difference, largestDifference(expected, result.features));
    if (round >= 0) rounds[way].push(result);
  }
}

const arena = summarise("arena", rounds.arena);
const seeds = summarise("seed", rounds.seed);
const json = summarise("json", rounds.json);
const ratio = seeds.transport_ms / arena.transport_ms;
const record = await writeRecord(
  "first-light",
  {
    question: `How much faster does a ${SECONDS}-s clip travel through shared memory than the seed's way?`,
    rows: [arena, seeds, json],
    targets: [
      { name: "transport, seed / arena", value: ratio, goal: 20, better: "higher" },
      {
        name: "largest difference of features",
        value: difference,
        goal: TOLERANCE,
        better: "lower",
      },
    ],
    notes: [
      `Model ${MODEL}, ${SAMPLE_RATE} Hz mono; plane ${bridge.stats().plane}; medians of interleaved rounds.`,
      ...(values.note ?? []),
    ],
  },
  {
    bridge,
    folder: count < ROUNDS_TO_KEEP ? mkdtempSync(join(tmpdir(), "first-light-")) : undefined,
  },
);
console.log(formatRecord(record));
if (!(difference <= TOLERANCE)) {
  console.error(`The ways disagree by ${difference}`);
  process.exitCode = 1;
}
