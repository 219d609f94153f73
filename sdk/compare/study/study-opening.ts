/** What is written of a study before its first clip. */
import type { ModelInfo } from "../../models/model-service.ts";
import type { Environment } from "../../records/environment.ts";
import type { RunOpening } from "../../records/run/opening.ts";
import type { Dataset, Split } from "../dataset-types.ts";
import type { FoldPlan } from "../plan-folds.ts";
import type { FoldSettings, LeakageFinding, LeftOutClip } from "../results-types.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import type { Chunk } from "./chunks.ts";
import type { CostSchedule } from "./cost/cost-schedule.ts";
import type { Design } from "./design.ts";
import type { HeardInTraining, RecordedExposure } from "./heard-in-training.ts";
import { knownExposure } from "./known-exposure.ts";
import type { UsedClip } from "./used-clips.ts";

/** `schedule.json` */
export interface Schedule {
  /** Of arms that are read by features. */
  readonly chunks: readonly Chunk[];
  /** Sources in the order in which arms that answer hear them, drawn before the run. */
  readonly order: readonly string[];
  /** Of arms that answer. */
  readonly bySource: readonly Chunk[];
  /** What all arms hear of a clip; null: all of it. */
  readonly cropSeconds: number | null;
  readonly folds: FoldSettings;
  /** null: it is not measured. */
  readonly cost: CostSchedule | null;
  /** Untrained twins that could not be made, and why. */
  readonly absent: ArmModels["absent"];
}

/** An arm in `arms.json`. */
export interface RecordedArm {
  readonly model: string;
  readonly modelId: string;
  readonly revision: string;
  readonly weights: string;
  readonly dtype: string;
  readonly quantization: string;
  readonly attention: string | null;
  readonly device: string;
  /** Hz */
  readonly sampleRate: number;
  readonly windowSeconds: number | null;
  readonly parameters: number;
  readonly layers: readonly string[];
  readonly defaultLayer: string;
  readonly reads: StudyArm["reads"];
  readonly exposure: RecordedExposure;
  readonly baseline: string | null;
  readonly card: ModelInfo["card"];
}

/** `data.json`, less the digest of the clips. */
export interface RecordedData
  extends Pick<Dataset, "name" | "licence" | "citation" | "protocol" | "clusterBy"> {
  readonly excluded: readonly LeftOutClip[];
  /** Of the authors' own folds or splits. */
  readonly leakage: readonly LeakageFinding[];
  readonly heardInTraining: readonly HeardInTraining[];
}

export function toOpening(
  design: Design,
  dataset: Dataset,
  clips: readonly UsedClip[],
  found: Pick<RecordedData, "excluded" | "heardInTraining" | "leakage">,
  models: ArmModels,
  schedule: Schedule,
  machine: Environment,
): RunOpening {
  const { name, licence, citation, protocol, clusterBy } = dataset;
  const facts = { name, licence, citation, protocol, clusterBy };
  const data: RecordedData = { ...facts, ...found };
  const loaded = withoutAbsent(design.arms, schedule);
  const arms = Object.fromEntries(loaded.map((arm) => [arm.id, recordArm(arm, models, name)]));
  return { name: design.name, study: design, data, manifest: clips, arms, machine, schedule };
}

/** The arms that could be loaded. */
export function withoutAbsent(
  arms: readonly StudyArm[],
  { absent }: Pick<Schedule, "absent">,
): StudyArm[] {
  return arms.filter(({ id }) => !absent.some(({ arm }) => arm === id));
}

function recordArm(arm: StudyArm, models: ArmModels, dataset: string): RecordedArm {
  const { info } = models.of(arm);
  const { modelId, revision, weights, dtype, quantization, attention, device } = info;
  const { sampleRate, windowSeconds, parameters, layers, defaultLayer, card } = info;
  const { model, reads, baseline } = arm;
  const exposure = arm.exposure ?? knownExposure(model, dataset);
  const form = { model, modelId, revision, weights, dtype, quantization, attention, device };
  const facts = { sampleRate, windowSeconds, parameters, layers, defaultLayer };
  return { ...form, ...facts, reads, exposure, baseline, card };
}

/** @param sources of the whole data set: fewer of them than folds make as many folds */
export function toFoldSettings(plan: FoldPlan, sources: number): FoldSettings {
  if (plan.kind === "drawn") {
    const count = Math.max(2, Math.min(plan.folds, sources));
    return { count, by: "drawn by source", seed: plan.seed, splits: null };
  }
  const official = { by: "official", seed: null } as const;
  if (plan.kind === "folds") return { ...official, count: new Set(plan.fold).size, splits: null };
  const clips = (split: Split): number => plan.split.filter((one) => one === split).length;
  const splits = { train: clips("train"), valid: clips("valid"), test: clips("test") };
  return { ...official, count: 1, splits };
}
