import type { Claim, Pooling } from "../../bridge/protocol.gen.ts";
import type { TaskKind } from "../../compare/study-types.ts";
import { UsageError } from "../usage-error.ts";

/** Flags that say what is compared; a study file says it itself. */
export const PAIR_FLAGS = {
  a: { type: "string" },
  b: { type: "string" },
  data: { type: "string" },
  task: { type: "string" },
  label: { type: "string" },
  folds: { type: "string" },
  "layer-a": { type: "string" },
  "layer-b": { type: "string" },
  pooling: { type: "string" },
  claim: { type: "string" },
  margin: { type: "string" },
  prompt: { type: "string" },
  template: { type: "string" },
  seed: { type: "string" },
  name: { type: "string" },
  "no-cost": { type: "boolean" },
  "cost-incarnations": { type: "string" },
} as const;

/** As `parseArgs` gives them. */
export type PairValues = {
  readonly [Flag in Exclude<keyof typeof PAIR_FLAGS, "no-cost">]?: string | undefined;
} & { readonly "no-cost"?: boolean | undefined };

/** Tasks that need nothing but their name. */
export type PairTask = Exclude<TaskKind, "questions">;

/** What the flags ask for. */
export interface PairRequest {
  readonly a: string;
  readonly b: string;
  readonly data: string | undefined;
  /** The first one is declared. */
  readonly tasks: readonly [PairTask, ...PairTask[]];
  readonly label: string | undefined;
  readonly folds: number | "official" | undefined;
  readonly layerA: string | number | undefined;
  readonly layerB: string | number | undefined;
  readonly pooling: Pooling | undefined;
  readonly claim: Claim;
  readonly margin: number | undefined;
  readonly prompt: string | undefined;
  readonly template: string | undefined;
  readonly seed: number;
  readonly name: string | undefined;
  /** Pairs of fresh processes; 0: quality alone. */
  readonly costIncarnations: number;
}

const TASKS: readonly PairTask[] = [
  "linear",
  "mlp",
  "knn",
  "layers",
  "few-shot",
  "retrieval",
  "clustering",
  "tags",
  "zero-shot",
];
const POOLINGS: readonly Pooling[] = ["mean", "mean_std"];
const CLAIMS: readonly Claim[] = ["superior", "not worse", "equivalent"];

/** @throws UsageError a flag is missing, or cannot be what it is given */
export function readPair(values: PairValues): PairRequest {
  const { a, b, data, label, prompt, template, name } = values;
  if (a === undefined || b === undefined) throw new UsageError("--a and --b are needed");
  const tasks = readTasks(values.task ?? "probe");
  const claim = readWord("claim", values.claim ?? "superior", CLAIMS);
  const margin = values.margin === undefined ? undefined : Number(values.margin);
  if (margin !== undefined && !(margin > 0 && margin < 1)) {
    throw new UsageError(`--margin is a share, 0.02 for two points, got ${values.margin}`);
  }
  if (claim !== "superior" && margin === undefined) {
    throw new UsageError(`--claim ${values.claim} needs --margin`);
  }
  if (template !== undefined && !template.includes("{}")) {
    throw new UsageError(`--template has {} where the label stands, got ${template}`);
  }
  if (!tasks.includes("zero-shot") && (prompt ?? template) !== undefined) {
    throw new UsageError("--prompt and --template are of --task zero-shot");
  }
  if (tasks.includes("zero-shot") && label !== undefined && prompt === undefined) {
    throw new UsageError("--label of zero-shot needs the --prompt that asks for it");
  }
  return {
    a,
    b,
    data,
    tasks,
    label,
    folds: readFolds(values.folds),
    layerA: readLayer(values["layer-a"]),
    layerB: readLayer(values["layer-b"]),
    pooling:
      values.pooling === undefined ? undefined : readWord("pooling", values.pooling, POOLINGS),
    claim,
    margin,
    prompt,
    template,
    seed: readWhole("seed", values.seed ?? "0", 0),
    name,
    costIncarnations: readIncarnations(values),
  };
}

const INCARNATIONS = "5";

function readIncarnations(values: PairValues): number {
  const given = values["cost-incarnations"];
  if (!values["no-cost"]) return readWhole("cost-incarnations", given ?? INCARNATIONS, 1);
  if (given === undefined) return 0;
  throw new UsageError("--no-cost leaves nothing for --cost-incarnations");
}

/** On the command line words have dashes: `not-worse`. */
export function readWord<Word extends string>(
  flag: string,
  given: string,
  known: readonly Word[],
): Word {
  const word = known.find((each) => each.replaceAll(" ", "-") === given);
  if (word !== undefined) return word;
  const words = known.map((each) => each.replaceAll(" ", "-"));
  throw new UsageError(`--${flag} is one of ${words.join(", ")}, got ${given}`);
}

function readTasks(given: string): PairRequest["tasks"] {
  const [first, ...others] = given.split(",").map((word) => {
    const kind = TASKS.find((each) => each === (word === "probe" ? "linear" : word));
    if (kind === undefined) throw new UsageError(`--task: there is no task "${word}"`);
    return kind;
  });
  if (first === undefined) throw new UsageError("--task names one task at least");
  return [first, ...others];
}

function readFolds(given: string | undefined): PairRequest["folds"] {
  return given === undefined || given === "official" ? given : readWhole("folds", given, 2);
}

function readLayer(given: string | undefined): string | number | undefined {
  return given !== undefined && /^-?\d+$/.test(given) ? Number(given) : given;
}

function readWhole(flag: string, given: string, least: number): number {
  const number = Number(given);
  if (given !== "" && Number.isInteger(number) && number >= least) return number;
  throw new UsageError(`--${flag} is a whole number from ${least} on, got ${given}`);
}
