/** grym-synth/compare: studies of two and more models, and the directory that keeps what they found. */

export type { CostMeasurement } from "../bridge/protocol.gen.ts";
export type { RunErrorCode } from "../error-codes.ts";
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
export { type AnytimeEvidence, type AnytimeInput, anytime } from "./anytime.ts";
export type {
  ClassLabels,
  ClipLabels,
  Dataset,
  DatasetProtocol,
  ManifestRow,
  Split,
} from "./dataset-types.ts";
export { type ExportFormat, exportRun } from "./export/export-run.ts";
export { type HeardClips, hearClips, type UnheardClip } from "./hear-clips.ts";
export {
  type AudioInspection,
  type InspectedClip,
  type InspectionOptions,
  inspectAudio,
} from "./inspect-audio.ts";
export {
  type AnytimeRule,
  type Comparison,
  type Judgement,
  type JudgeOptions,
  judge,
  type Observed,
} from "./judge.ts";
export { type CostInput, type CostJudgement, type CostOptions, judgeCost } from "./judge-cost.ts";
export {
  type LabelMapper,
  labelMapper,
  type Mapped,
  mapLabel,
  type Phrases,
} from "./label-mapper.ts";
export { checkLeakage, type LeakageOptions } from "./leakage.ts";
export { LeakageError } from "./leakage-error.ts";
export { type LiveDisplay, liveView } from "./live-display.ts";
export { type Look, lookSentence, type OnLook } from "./look.ts";
export { mergeSources } from "./merge-sources.ts";
export { type FoldPlan, type FoldRequest, planFolds } from "./plan-folds.ts";
export { type PowerInput, type PowerOutcome, powerCard } from "./power-card.ts";
export { type Replay, replayRun } from "./replay-run.ts";
export { bibtex } from "./report/bibliography.ts";
export type { ReportSource } from "./report/report-source.ts";
export { openReport, type ReportOptions, StudyReport, writeReport } from "./report/study-report.ts";
export {
  type ArmResult,
  type ClassDifference,
  type ComparedPair,
  type ConfusionWon,
  type CostRun,
  type DecidingClip,
  type DuplicateSearch,
  type FairnessRow,
  type FoldSettings,
  type FoldSpread,
  type LeakageFinding,
  type LeftOutClip,
  RESULTS_SCHEMA,
  type ResultsData,
  type Stopping,
  type StudyResults,
  type TaskArm,
  type TaskResult,
} from "./results-types.ts";
export { type RunStudyOptions, runStudy, type StudyRun } from "./run-study.ts";
export type { OnEstimate, StudyEstimate } from "./study/estimate.ts";
export type { RecordedExposure } from "./study/heard-in-training.ts";
export { readStudyFile, type StudyFile, type StudyTools } from "./study-file.ts";
export { StudyFileError } from "./study-file-error.ts";
export { StudyRefusedError } from "./study-refused-error.ts";
export type {
  Arm,
  CheckableQuestion,
  CostCall,
  CostPlan,
  Exposure,
  MapperReference,
  Outcome,
  OutcomeDetail,
  PrimaryClaim,
  Reading,
  Study,
  Task,
  TaskKind,
} from "./study-types.ts";
export { readTrainingList } from "./training-list.ts";
export type {
  CostDrift,
  CostQuantile,
  CostRatio,
  CostVerdict,
  PowerCard,
  PowerRow,
  Verdict,
  VerdictBeside,
  VerdictWord,
} from "./verdict-types.ts";
