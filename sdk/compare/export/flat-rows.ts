/** Rows of a run as flat ones, for tables that know no nesting. */
import { canonicalJson, type Json } from "../../records/run/canonical-json.ts";
import type { SavedRun } from "../../records/run/read-run.ts";
import type { CostCall, Outcome } from "../study-types.ts";

/** What a cell of an exported table holds. */
export type Cell = string | number | boolean | null;
/** Columns in their order; every row has all of them. */
export type FlatRow = Readonly<Record<string, Cell>>;

const OUTCOMES = /^outcomes\/.*\.jsonl$/;
const COST = "cost.jsonl";

/** Every arm's outcome of every clip in every task; lists and objects as JSON. */
export function flatOutcomes({ rows }: Pick<SavedRun, "rows">): FlatRow[] {
  const paths = Object.keys(rows).filter((path) => OUTCOMES.test(path));
  return paths.sort().flatMap((path) =>
    // `runStudy` writes outcomes there, and nothing else.
    (rows[path] as unknown as readonly Outcome[]).map(flatOutcome),
  );
}

/** Every timed call; empty where no cost was measured. */
export function flatCost({ rows }: Pick<SavedRun, "rows">): FlatRow[] {
  return ((rows[COST] ?? []) as unknown as readonly CostCall[]).map((call) => ({
    phase: call.phase,
    incarnation: call.incarnation,
    attempt: call.attempt,
    side: call.side,
    arm: call.arm,
    call: call.call,
    block: call.block,
    slot: call.slot,
    clip: call.clip,
    clips: call.clips,
    wallMs: call.wallMs,
    pythonMs: call.pythonMs,
    peakBytes: call.peakBytes,
    peakSource: call.peakSource,
    devicePeakBytes: call.devicePeakBytes,
    joules: call.joules,
    load: call.load,
    seconds: call.seconds,
    void: call.void ?? null,
  }));
}

function flatOutcome(outcome: Outcome): FlatRow {
  const { detail = {} } = outcome;
  return {
    task: outcome.task,
    arm: outcome.arm,
    clip: outcome.clip,
    source: outcome.cluster,
    fold: outcome.fold,
    status: outcome.status,
    score: outcome.score,
    truth: typeof outcome.truth === "string" ? outcome.truth : canonicalJson(outcome.truth),
    said: outcome.said,
    text: detail.text ?? null,
    rank: detail.rank ?? null,
    scores: asJson(detail.scores),
    counts: asJson(detail.counts),
    secondsHeard: outcome.secondsHeard,
    servedBy: outcome.servedBy,
  };
}

function asJson(value: Json | undefined): string | null {
  return value === undefined ? null : canonicalJson(value);
}
