// npm run compare -- --a MODEL --b MODEL [--data DATA] [--task TASK,…]: a study from the shell.
import { parseArgs } from "node:util";
import { openReport, type PrimaryClaim, runStudy, type Task } from "grym-synth/compare";
import { progress } from "grym-synth/display";
import { openDataset } from "../datasets/index.ts";

const USAGE = `usage: npm run compare -- --a MODEL --b MODEL [options]
  --data DATA      samples, a folder, NAME:FOLDER (docs/data-sets.md); default: GRYM_DATASET, else samples
  --task TASK,…    probe (the same as linear), mlp, knn, few-shot, retrieval, clustering; default: probe
                   the first one is declared, the others are explored
  --layer-a L, --layer-b L      a layer's name or number; default: each model's own
  --margin POINTS  share (0.02 is two points) within which the two count as equivalent; needs --claim
  --claim CLAIM    superior, "not worse", equivalent; default: superior
  --no-cost        quality alone; otherwise both arms are timed in fresh processes afterwards (docs/cost.md)
  --cost-incarnations N         pairs of fresh processes (5), and as many of A against itself
  --seed N, --name NAME, --out FOLDER (runs), --fresh (measure again), --require WORD (exit code 3 unless the
                   verdict supports it: better, "not worse", equivalent)
exit codes: 0 done, 1 failed, 2 not understood, 3 not what --require asks for, 130 interrupted (run it again: it goes on)`;

type TaskKind = Extract<
  Task["kind"],
  "linear" | "mlp" | "knn" | "few-shot" | "retrieval" | "clustering"
>;
/** What is claimed of a task. */
const METRIC: Readonly<Record<TaskKind, string>> = {
  linear: "accuracy",
  mlp: "accuracy",
  knn: "accuracy",
  "few-shot": "accuracy",
  retrieval: "mAP",
  clustering: "V-measure",
};
const CLAIMS: readonly PrimaryClaim["claim"][] = ["superior", "not worse", "equivalent"];

const REQUIRED: readonly string[] = ["better", "not worse", "equivalent"];

/** The command line was not understood. */
class UsageError extends Error {}

function readOptions() {
  try {
    return parseArgs({
      options: {
        a: { type: "string" },
        b: { type: "string" },
        data: { type: "string" },
        task: { type: "string", default: "probe" },
        "layer-a": { type: "string" },
        "layer-b": { type: "string" },
        margin: { type: "string" },
        claim: { type: "string", default: "superior" },
        "no-cost": { type: "boolean", default: false },
        "cost-incarnations": { type: "string", default: "5" },
        seed: { type: "string", default: "0" },
        name: { type: "string" },
        out: { type: "string", default: "runs" },
        fresh: { type: "boolean", default: false },
        require: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function readTasks(given: string): readonly { readonly kind: TaskKind }[] {
  return given.split(",").map((word) => {
    const kind = word === "probe" ? "linear" : word;
    if (!Object.hasOwn(METRIC, kind)) throw new UsageError(`--task: there is no task "${word}"`);
    return { kind: kind as TaskKind }; // one of the keys
  });
}

/** A name in files, of a model's name or path. */
function idOf(model: string): string {
  return model
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function layerOf(given: string | undefined): { layer?: string | number } {
  if (given === undefined) return {};
  return { layer: /^-?\d+$/.test(given) ? Number(given) : given };
}

async function compare(signal: AbortSignal): Promise<number> {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const { a, b } = options;
  if (a === undefined || b === undefined) throw new UsageError("--a and --b are needed");
  const [idA, idB] = a === b ? ["a", "b"] : [idOf(a), idOf(b)];
  const claim = CLAIMS.find((known) => known === options.claim);
  if (claim === undefined) throw new UsageError(`--claim is one of ${CLAIMS.join(", ")}`);
  const { require } = options;
  if (require !== undefined && !REQUIRED.includes(require)) {
    throw new UsageError(`--require is one of ${REQUIRED.join(", ")}`);
  }
  const margin = options.margin === undefined ? undefined : Number(options.margin);
  if (margin !== undefined && !(margin > 0)) throw new UsageError("--margin is a share above 0");
  const incarnations = Number(options["cost-incarnations"]);
  if (!(Number.isInteger(incarnations) && incarnations >= 1)) {
    throw new UsageError("--cost-incarnations is a whole number from 1");
  }
  const tasks = readTasks(options.task);
  const [first] = tasks;
  if (first === undefined) throw new UsageError("--task names one task at least");
  const data = await openDataset(options.data);
  using bar = progress(`comparing ${a} with ${b}`);
  const run = await runStudy(
    {
      name: options.name ?? `${idA}-${idB}`,
      question: `Is ${a} better than ${b} on ${data.name}?`,
      data,
      arms: [
        { id: idA, model: a, reads: { by: "features", ...layerOf(options["layer-a"]) } },
        { id: idB, model: b, reads: { by: "features", ...layerOf(options["layer-b"]) } },
      ],
      tasks,
      primary: [{ a: idA, b: idB, task: first.kind, metric: METRIC[first.kind], claim, margin }],
      seed: Number(options.seed),
      cost: options["no-cost"] ? false : { incarnations, pair: [idA, idB] },
    },
    { out: options.out, fresh: options.fresh, signal, onProgress: bar },
  );
  const report = await openReport(run.folder, { audioFolder: data.folder });
  console.log(report.summary);
  console.log(`\nrecord: ${run.folder}${run.state === "sealed" ? " (sealed before)" : ""}`);
  console.log(`report: ${await report.write(`${run.folder}/report.html`)}`);
  if (require === undefined) return 0;
  const verdict = run.results.verdicts.find(({ family }) => family === "primary");
  return verdict?.supports.some((word) => word === require) ? 0 : 3;
}

const controller = new AbortController();
process.once("SIGINT", () => controller.abort());
try {
  process.exitCode = await compare(controller.signal);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const { aborted } = controller.signal;
  console.error(aborted ? "compare: interrupted; the same command goes on" : `compare: ${message}`);
  if (error instanceof UsageError) console.error(`\n${USAGE}`);
  process.exitCode = aborted ? 130 : error instanceof UsageError ? 2 : 1;
}
