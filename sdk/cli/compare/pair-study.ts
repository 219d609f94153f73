/** The study that the flags ask for. */
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { Dataset } from "../../compare/dataset-types.ts";
import { metricsOf } from "../../compare/study/metrics.ts";
import type { Arm, Study, Task } from "../../compare/study-types.ts";
import { InvalidArgumentError } from "../../errors.ts";
import type { OpenDataset } from "./find-datasets.ts";
import type { PairRequest } from "./pair-flags.ts";
import { candidatesOf, type WordReading, wordArms } from "./word-arms.ts";

const QUESTION = "What is the main sound?";

/** What it takes to make a study. */
export interface PairTools {
  readonly openDataset: OpenDataset;
  /** Loads the models where only they can say what they can do. */
  readonly bridge: GAMABridge;
  readonly signal: AbortSignal;
}

/**
 * @throws InvalidArgumentError no such data set, or an arm of a declared zero-shot claim cannot score words
 * @throws OperationFailedError a model that has to be asked cannot be loaded
 */
export async function pairStudy(
  request: PairRequest,
  { openDataset, bridge, signal }: PairTools,
): Promise<Study> {
  const { a, b, label, folds, claim, margin, seed, costIncarnations } = request;
  // Clips without the label are left out by name: what a data set lacks is no reason to refuse it.
  const data = await openDataset(request.data, { classes: false });
  const tasks = request.tasks.map((kind): Task => ({ kind, label }));
  const [declared] = request.tasks;
  const [idA, idB] = a === b ? (["a", "b"] as const) : ([idOf(a), idOf(b)] as const);
  const needsFeatures = request.tasks.some((kind) => kind !== "zero-shot");
  const arms = needsFeatures ? featureArms(request, idA, idB) : [];
  const worded = new Map<string, Arm>();
  if (request.tasks.includes("zero-shot")) {
    const reads = readingOf(request, data);
    const models = [
      { id: idA, model: a },
      { id: idB, model: b },
    ];
    for (const [id, arm] of await wordArms(models, reads, { bridge, signal })) worded.set(id, arm);
  }
  const armOf = (flag: string, id: string, model: string): string => {
    if (declared !== "zero-shot") return id;
    const arm = worded.get(id);
    if (arm !== undefined) return arm.id;
    throw new InvalidArgumentError(flag, "a model that scores words, as zero-shot asks", model);
  };
  const pair = { a: armOf("--a", idA, a), b: armOf("--b", idB, b) };
  const metric = metricsOf({ kind: declared })[0] ?? "";
  return {
    name: request.name ?? `${idA}-${idB}`,
    question: `Is ${a} ${WORDS[claim]} ${b} on ${data.name}?`,
    data,
    arms: [...arms, ...worded.values()],
    tasks,
    primary: [{ ...pair, task: declared, metric, claim, margin }],
    folds,
    seed,
    cost: costIncarnations > 0 && { incarnations: costIncarnations, pair: [pair.a, pair.b] },
  };
}

const WORDS = {
  superior: "better than",
  "not worse": "not worse than",
  equivalent: "as good as",
} as const;

function featureArms(
  { a, b, layerA, layerB, pooling }: PairRequest,
  idA: string,
  idB: string,
): Arm[] {
  return [
    { id: idA, model: a, reads: { by: "features", layer: layerA, pooling } },
    { id: idB, model: b, reads: { by: "features", layer: layerB, pooling } },
  ];
}

function readingOf({ label, prompt, template }: PairRequest, data: Dataset): WordReading {
  const candidates = candidatesOf(data, label ?? "class", template);
  return { by: "score", prompt: prompt ?? QUESTION, candidates, rule: "sum" };
}

/** A name in files, of a model's name or path. */
function idOf(model: string): string {
  return model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}
