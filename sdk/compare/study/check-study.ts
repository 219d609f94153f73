/** Whether a value is a study at all: files and cells are run without their types being checked. */
import type { Reading, TaskKind } from "../study-types.ts";

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

/** Looks at the form alone; `runStudy` looks whether it can be done. */
export function checkStudy(study: unknown): Fault {
  if (!isObject(study)) return `a study is an object, this is ${told(study)}`;
  return (
    needText(study, "", ["name", "question"]) ??
    checkData(study["data"]) ??
    checkEach(study, "arms", checkArm) ??
    checkEach(study, "tasks", (task, where) => needOneOf(task, where, "kind", TASKS)) ??
    checkEach(study, "primary", checkClaim)
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
  if (fault !== undefined || field === undefined || isObject(reads[field])) return fault;
  return `\`${where}reads.${field}\` is an object, this is ${told(reads[field])}`;
}

function checkClaim(claim: Fields, where: string): Fault {
  return (
    needText(claim, where, ["a", "b", "metric"]) ??
    needOneOf(claim, where, "task", TASKS) ??
    needOneOf(claim, where, "claim", CLAIMS)
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

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function told(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value === null || value === undefined || typeof value === "number") return String(value);
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
