/** grym-synth/compare: studies of two and more models, and the directory that keeps what they found. */

// Run directory
export type { RunErrorCode } from "../errors.ts";
export { canonicalJson, digestOf, type Json } from "../records/run/canonical-json.ts";
export { diffRuns, type RowDifference, type RunDifference } from "../records/run/diff-runs.ts";
export { type Difference, findDifferences } from "../records/run/differences.ts";
export type { Explains } from "../records/run/explaining-fields.ts";
export { type JournalEntry, readJournal } from "../records/run/journal.ts";
export { dataRoot, type HeardClip, merkleRoot } from "../records/run/merkle.ts";
export { type OpenRunOptions, openRun } from "../records/run/open-run.ts";
export type { JsonObject, RunOpening } from "../records/run/opening.ts";
export { readRun, type SavedRun } from "../records/run/read-run.ts";
export type { RunDirectory } from "../records/run/run-directory.ts";
export { RunError } from "../records/run/run-error.ts";
export { readSeal, type Seal, verifySeal } from "../records/run/seal.ts";
// Data
export type {
  ClassLabels,
  ClipLabels,
  Dataset,
  DatasetProtocol,
  ManifestRow,
  Split,
} from "./dataset-types.ts";
export { type FoldPlan, type FoldRequest, planFolds } from "./plan-folds.ts";
// Results
export {
  type ArmResult,
  type ClassDifference,
  type ComparedPair,
  type ConfusionWon,
  type DecidingClip,
  type FairnessRow,
  type FoldSettings,
  type LeakageFinding,
  RESULTS_SCHEMA,
  type ResultsData,
  type StudyResults,
  type TaskArm,
  type TaskResult,
} from "./results-types.ts";
export { type Replay, replayRun } from "./replay-run.ts";
export { type RunStudyOptions, runStudy, type StudyRun } from "./run-study.ts";
// Study
export type {
  Arm,
  CostPlan,
  CostSlot,
  Exposure,
  MapperReference,
  Outcome,
  OutcomeDetail,
  PrimaryClaim,
  Reading,
  Study,
  Task,
  TaskKind,
  Verdict,
} from "./study-types.ts";
export type {
  CostDrift,
  CostQuantile,
  CostRatio,
  CostVerdict,
  JudgedVerdict,
  PowerCard,
  PowerRow,
  VerdictBeside,
  VerdictWord,
} from "./verdict-types.ts";
