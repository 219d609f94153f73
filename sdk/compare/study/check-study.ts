/** Whether a value is a study at all: files and cells are run without their types being checked. */
import type { Arm, PrimaryClaim, Reading, Study, Task, TaskKind } from "../study-types.ts";

type Fields = Readonly<Record<string, unknown>>;
/** What is wrong, in words that begin with its place; undefined where nothing is. */
type Fault = string | undefined;

const READINGS: readonly Reading["by"][] = ["features", "score", "text", "answers"];
const TASKS: readonly TaskKind[] = [
  "linear",
  "mlp",
  "layers",
  "knn",
  "few-shot",
  "retrieval",
  "clustering",
  "zero-shot",
  "tags",
  "questions",
];
const CLAIMS = ["superior", "not worse", "equivalent"];

type KeysOf<Value> = Value extends unknown ? keyof Value : never;
/** Names of fields; the compiler holds them against the types. */
type Known<Value> = Readonly<Record<KeysOf<Value>, true>>;

const STUDY_FIELDS: Known<Study> = {
  ...{ name: true, question: true, data: true, arms: true, tasks: true, primary: true },
  ...{ level: true, alpha: true, crop: true, folds: true, seed: true, heardInTraining: true },
  ...{ foldSpread: true, cost: true, stopping: true },
};
const ARM_FIELDS: Known<Arm> = {
  ...{ id: true, model: true, weights: true, dtype: true, quantization: true, attention: true },
  ...{ device: true, reads: true, exposure: true },
};
const READING_FIELDS: Known<Reading> = {
  ...{ by: true, layer: true, pooling: true, l2: true, prompt: true, candidates: true, rule: true },
  ...{ mapper: true, maxNewTokens: true },
};
const TASK_FIELDS: Known<Task> = {
  ...{ kind: true, label: true, neighbours: true, perLabel: true, draws: true, ks: true },
  questions: true,
};
const CLAIM_FIELDS: Known<PrimaryClaim> = {
  ...{ a: true, b: true, task: true, metric: true, claim: true, margin: true },
};

/** Looks at the form alone; `runStudy` looks whether it can be done. */
export function checkStudy(study: unknown): Fault {
  if (!isObject(study)) return `a study is an object, this is ${told(study)}`;
  return (
    needText(study, "", ["name", "question"]) ??
    checkData(study["data"]) ??
    checkEach(study, "arms", checkArm) ??
    checkEach(study, "tasks", checkTask) ??
    checkEach(study, "primary", checkClaim) ??
    noOthers(study, "", STUDY_FIELDS)
  );
}

function checkData(data: unknown): Fault {
  if (!isObject(data)) return `\`data\` is a data set (of \`openDataset\`), this is ${told(data)}`;
  const text = needText(data, "data.", ["name", "folder", "licence", "citation"]);
  if (text !== undefined) return text;
  if (!Array.isArray(data["rows"])) return `\`data.rows\` is a list, this is ${told(data["rows"])}`;
  if (isObject(data["protocol"])) return undefined;
  return `\`data.protocol\` is an object, this is ${told(data["protocol"])}`;
}

function checkArm(arm: Fields, where: string): Fault {
  const { reads } = arm;
  if (!isObject(reads)) return `\`${where}reads\` is an object, this is ${told(reads)}`;
  const fault =
    needText(arm, where, ["id", "model"]) ?? needOneOf(reads, `${where}reads.`, "by", READINGS);
  const field = { score: "candidates", text: "mapper" }[String(reads["by"])];
  if (fault !== undefined) return fault;
  if (field !== undefined && !isObject(reads[field])) {
    return `\`${where}reads.${field}\` is an object, this is ${told(reads[field])}`;
  }
  return noOthers(arm, where, ARM_FIELDS) ?? noOthers(reads, `${where}reads.`, READING_FIELDS);
}

function checkTask(task: Fields, where: string): Fault {
  return needOneOf(task, where, "kind", TASKS) ?? noOthers(task, where, TASK_FIELDS);
}

function checkClaim(claim: Fields, where: string): Fault {
  return (
    needText(claim, where, ["a", "b", "metric"]) ??
    needOneOf(claim, where, "task", TASKS) ??
    needOneOf(claim, where, "claim", CLAIMS) ??
    noOthers(claim, where, CLAIM_FIELDS)
  );
}

function checkEach(
  study: Fields,
  field: string,
  check: (item: Fields, where: string) => Fault,
): Fault {
  const items = study[field];
  if (!Array.isArray(items)) return `\`${field}\` is a list, this is ${told(items)}`;
  for (const [index, item] of (items as readonly unknown[]).entries()) {
    const place = `${field}[${index}]`;
    const fault = isObject(item)
      ? check(item, `${place}.`)
      : `\`${place}\` is an object, this is ${told(item)}`;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function needText(object: Fields, where: string, names: readonly string[]): Fault {
  const name = names.find((each) => typeof object[each] !== "string" || object[each] === "");
  return name === undefined
    ? undefined
    : `\`${where}${name}\` is some text, this is ${told(object[name])}`;
}

function needOneOf(object: Fields, where: string, name: string, known: readonly string[]): Fault {
  const value = object[name];
  if (known.some((each) => each === value)) return undefined;
  return `\`${where}${name}\` is one of ${known.join(", ")}, this is ${told(value)}`;
}

/** A misspelt field would be its default, and nobody would know. */
function noOthers(object: Fields, where: string, known: Readonly<Record<string, true>>): Fault {
  const other = Object.keys(object).find((name) => !Object.hasOwn(known, name));
  if (other === undefined) return undefined;
  return `there is no field \`${where}${other}\`, but ${Object.keys(known).join(", ")}`;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function told(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || value === undefined || typeof value === "number") return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
