/**
 * How far from the truth are planned batches, and do they stay within their budgets?
 *
 * Each plan is of a clip length and a budget drawn at random; then the planned batch is run. All
 * plans of a run share one process, as in a notebook: what earlier work has left behind counts.
 *
 * `node benchmarks/memory-plans.ts [--n PLANS] [--seed SEED] [--note TEXT]`; PLANS a model, the
 * record is kept from 10 on.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  formatRecord,
  GAMABridge,
  GAMAService,
  MemoryManager,
  type PlannedService,
  type RecordRow,
  Wav2Vec2Service,
  writeRecord,
} from "grym-synth";

const PLANS_TO_KEEP = 10;
const SECONDS = [1, 2, 3, 5];
const MEBIBYTE = 2 ** 20;
/** What the process may take above what it holds: from a few clips to about the largest batch. */
const LEAST_ROOM = 80 * MEBIBYTE;
const MOST_ROOM = 180 * MEBIBYTE;
/** Batches of the run that is held against its plan. */
const BATCHES = 2;

const { values } = parseArgs({
  options: {
    n: { type: "string", default: "16" },
    seed: { type: "string", default: "1" },
    note: { type: "string", multiple: true },
  },
});
const plans = Number(values.n);
if (!Number.isInteger(plans) || plans < 1) {
  throw new Error(`--n has to be a whole number >= 1, got ${values.n}`);
}

let state = Number(values.seed);
/** From 0 to 1 (Park and Miller, CACM 31, 1988). */
function random(): number {
  state = (state * 48_271) % 2_147_483_647;
  return state / 2_147_483_647;
}

await using bridge = new GAMABridge();
const manager = new MemoryManager({ bridge });

interface Outcome {
  /** Planned - measured, as a share of the measured peak. */
  readonly error: number;
  readonly withinBudget: boolean;
  readonly batchSize: number;
}

/** One plan and its run; undefined where not even one clip fits the budget. */
async function measure(service: PlannedService, sampleRate: number): Promise<Outcome | undefined> {
  const seconds = SECONDS[Math.floor(random() * SECONDS.length)] ?? 1;
  const { after } = await manager.releaseResources();
  const budget = after + LEAST_ROOM + random() * (MOST_ROOM - LEAST_ROOM);
  const plan = await manager.optimizeForOperation("extractFeatures", { service, seconds, budget });
  if (!plan.feasible) return undefined;
  await manager.releaseResources();
  const samples = Float32Array.from({ length: seconds * sampleRate }, (_, n) => Math.sin(n / 9));
  const { memoryUsage } = await service.extractFeatures(
    Array(BATCHES * plan.batchSize).fill({ samples, sampleRate }),
    { batchSize: plan.batchSize },
  );
  const { error, withinBudget } = plan.compare(memoryUsage);
  return { error, withinBudget, batchSize: plan.batchSize };
}

const rows: RecordRow[] = [];
const outcomes: Outcome[] = [];
for (const service of [new GAMAService({ bridge }), new Wav2Vec2Service({ bridge })]) {
  const { modelId, sampleRate } = await service.initialize();
  const found: Outcome[] = [];
  for (let index = 0; index < plans; index += 1) {
    const outcome = await measure(service, sampleRate);
    if (outcome) found.push(outcome);
  }
  outcomes.push(...found);
  const errors = found.map(({ error }) => error);
  rows.push({
    model: modelId,
    plans,
    feasible: found.length,
    within_budget: found.filter(({ withinBudget }) => withinBudget).length,
    largest_batch: Math.max(...found.map(({ batchSize }) => batchSize)),
    error_lowest: Math.min(...errors),
    error_median: errors.toSorted((a, b) => a - b)[Math.floor(errors.length / 2)] ?? null,
    error_highest: Math.max(...errors),
  });
}

const record = await writeRecord(
  "memory-plans",
  {
    question: "How far from the truth are planned batches, and do they stay within their budgets?",
    rows,
    targets: [
      {
        name: "share of the plans within their budgets",
        value: outcomes.filter(({ withinBudget }) => withinBudget).length / outcomes.length,
        goal: 1,
        better: "higher",
      },
    ],
    notes: [
      `Clips of ${SECONDS.join(", ")} s; budgets of ${LEAST_ROOM / MEBIBYTE} to ${MOST_ROOM / MEBIBYTE} MiB above what the process held. error: (planned - measured) / measured peak of the whole process, below 0 where more was taken than planned; a plan keeps its margin free for that.`,
      ...(values.note ?? []),
    ],
  },
  { bridge, folder: plans < PLANS_TO_KEEP ? mkdtempSync(join(tmpdir(), "record-")) : undefined },
);
console.log(formatRecord(record));
