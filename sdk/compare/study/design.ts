import { InvalidArgumentError } from "../../errors.ts";
import type { CheckableQuestion, PrimaryClaim, Study, Task } from "../study-types.ts";
import { type StudyArm, withBaselines } from "./baselines.ts";
import { canDo } from "./can-do.ts";
import { checkSettings } from "./check-settings.ts";
import { type CostDesign, toCostDesign } from "./cost/cost-design.ts";
import { metricsOf } from "./metrics.ts";

/** A study as `study.json` has it: every default filled in, nothing of the machine, no clips. */
export interface Design {
  readonly name: string;
  readonly question: string;
  readonly data: string;
  readonly arms: readonly StudyArm[];
  readonly tasks: readonly Task[];
  readonly primary: readonly PrimaryClaim[];
  readonly level: number;
  readonly alpha: number;
  readonly crop: { readonly seconds: number } | "common";
  readonly folds: number | "official" | null;
  readonly seed: number;
  readonly cost: CostDesign | null;
  readonly stopping: "fixed" | "anytime";
  readonly heardInTraining: "mark" | "exclude";
  readonly foldSpread: number;
}

const NAME = /^[a-z0-9][a-z0-9-]*$/;

/**
 * Fills in the defaults, and adds the baselines.
 *
 * @throws InvalidArgumentError something in it cannot be done, or contradicts itself
 */
export function toDesign(study: Study): Design {
  const { name, question, data, tasks, primary, level = 0.95, alpha = 0.05 } = study;
  const { crop = "common", folds = null, seed = 0, stopping = "fixed" } = study;
  const { heardInTraining = "mark", foldSpread = 5 } = study;
  if (!NAME.test(name)) refuse("name", "small letters, digits and dashes", name);
  if (crop !== "common" && !(crop.seconds > 0)) refuse("crop.seconds", "above 0", crop.seconds);
  if (!(Number.isInteger(foldSpread) && foldSpread >= 0)) {
    refuse("foldSpread", "a whole number >= 0", foldSpread);
  }
  if (!Number.isInteger(seed)) refuse("seed", "a whole number", seed);
  checkSettings(study);
  const arms = withBaselines(study.arms, tasks);
  checkArms(arms);
  checkTasks(tasks, arms);
  for (const claim of primary) checkClaim(claim, arms, tasks);
  if (stopping === "anytime") checkStopping(study, arms);
  const asked = { name, question, data: data.name, arms, tasks, primary };
  const cost = toCostDesign(study, arms);
  const settings = { level, alpha, crop, folds, seed, cost, stopping, heardInTraining, foldSpread };
  return { ...asked, ...settings };
}

function checkArms(arms: readonly StudyArm[]): void {
  if (arms.every(({ baseline }) => baseline !== null)) {
    refuse(
      "arms",
      "one at least that is no baseline",
      arms.map(({ id }) => id),
    );
  }
  for (const [index, { id, reads }] of arms.entries()) {
    if (!NAME.test(id)) refuse("arm", "small letters, digits and dashes", id);
    if (arms.findIndex((arm) => arm.id === id) !== index) refuse("arm", "an id of its own", id);
    if (reads.by === "features" && reads.pooling === "none") {
      refuse(`pooling of ${id}`, "mean or mean_std: tasks take a row for each clip", reads.pooling);
    }
    if (reads.by !== "score") continue;
    const texts = Object.values(reads.candidates);
    if (texts.length < 2 || new Set(texts).size < texts.length) {
      refuse(`candidates of ${id}`, "two texts at least, each once", reads.candidates);
    }
  }
}

function checkTasks(tasks: readonly Task[], arms: readonly StudyArm[]): void {
  for (const [index, task] of tasks.entries()) {
    const { kind } = task;
    if (tasks.findIndex((other) => other.kind === kind) !== index) {
      refuse("tasks", "each kind once: claims and files name it", kind);
    }
    if (!arms.some((arm) => arm.baseline === null && canDo(arm, task))) {
      refuse("tasks", `such that an arm can do each (${WHO_CAN})`, kind);
    }
    if (task.kind === "questions") checkQuestions(task.questions, task.label);
  }
  if (tasks.length === 0) refuse("tasks", "one at least", tasks);
}

const WHO_CAN =
  "features: probes, searches and clusters, of layer `all` the task `layers`; scores and texts: " +
  "`zero-shot`; answers: `questions`";

function checkQuestions(
  questions: Readonly<Record<string, CheckableQuestion>>,
  label: string | undefined,
): void {
  const labels = Object.keys(questions);
  if (labels.length === 0) refuse("questions", "one at least", questions);
  if (labels.includes("accuracy")) refuse("questions", "no label `accuracy`: it is all", questions);
  if (label !== undefined) refuse("label of questions", "left out: each has its own", label);
}

/** A run that may end after any source has verdicts that hold after any: those that exist. */
function checkStopping({ tasks, primary, cost = false }: Study, arms: readonly StudyArm[]): void {
  const where = "stopping: anytime";
  if (cost !== false) refuse(where, "without cost: it is planned on clips that stay unheard", cost);
  const trains = arms.filter(({ reads }) => reads.by === "features").map(({ id }) => id);
  if (trains.length > 0) {
    refuse(where, "for arms that answer: probes take all folds in one call", trains);
  }
  if (tasks.length > 1) refuse(where, "with one task, whose sources are counted", tasks);
  const others = primary.filter(({ claim }) => claim !== "superior");
  if (others.length > 0) refuse(where, "with claims of `superior`: margins need a plan", others);
  const corpus = primary.filter(({ metric }) => metric === "macro-F1");
  if (corpus.length > 0) refuse(where, "with means of clips: macro-F1 is none", corpus);
}

function checkClaim(claim: PrimaryClaim, arms: readonly StudyArm[], tasks: readonly Task[]): void {
  const where = `primary ${claim.a} against ${claim.b}`;
  const task = tasks.find(({ kind }) => kind === claim.task);
  if (task === undefined) refuse(`task of ${where}`, "one of the study's", claim.task);
  for (const id of [claim.a, claim.b]) {
    const arm = arms.find((each) => each.id === id);
    if (arm === undefined || !canDo(arm, task)) refuse(where, `an arm that does ${task.kind}`, id);
  }
  if (claim.a === claim.b) refuse(where, "two arms", claim.a);
  if (!metricsOf(task).includes(claim.metric)) {
    refuse(`metric of ${where}`, `one of ${metricsOf(task).join(", ")}`, claim.metric);
  }
  if (claim.claim !== "superior" && claim.margin === undefined) {
    refuse(`margin of ${where}`, `given, because ${claim.claim} needs one`, claim.margin);
  }
}

function refuse(what: string, expected: string, given: unknown): never {
  throw new InvalidArgumentError(what, expected, given);
}
