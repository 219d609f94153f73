/**
 * Makes the fixture of the report's tests from real outcomes: gama-tiny, wav2vec2-tiny and mel statistics on 48
 * shipped clips. By hand, from the root: `node sdk/test/compare/report/make-fixture.ts`, then Biome on what it wrote.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSamples } from "../../../../datasets/samples.ts";
import { findPython } from "../../../bridge/find-python.ts";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import {
  dataRoot,
  type Outcome,
  RESULTS_SCHEMA,
  type StudyResults,
} from "../../../compare/index.ts";
import { type ProbeOutcome, probe } from "../../../compare/probe.ts";
import { embed } from "../../../embed.ts";
import { GAMAService } from "../../../models/gama-service.ts";
import { MelStatisticsService } from "../../../models/mel-statistics-service.ts";
import { Wav2Vec2Service } from "../../../models/wav2vec2-service.ts";
import { canonicalJson } from "../../../records/run/canonical-json.ts";

const FIXTURE = join(import.meta.dirname, "fixture");
const CLASSES = ["mallets", "bass", "reed", "flute", "siren", "alarm"];
const SOURCES = 4;
const CLIPS = 2;
const [A, B, BASELINE] = ["gama-tiny", "wav2vec2-tiny", "fbank"] as const;
const TASKS = ["linear", "knn"] as const;

const samples = await openSamples();
const rows = CLASSES.flatMap((label) => {
  const members = samples.rows.filter((row) => row.labels.class === label);
  const sources = [...new Set(members.map((row) => row.clusterId))].slice(0, SOURCES);
  return sources.flatMap((source) =>
    members.filter((row) => row.clusterId === source).slice(0, CLIPS),
  );
});
const labels = rows.map((row) => row.labels.class);
const groups = rows.map((row) => row.clusterId);

await using bridge = new GAMABridge({ transport: "spawn" });
const services = {
  [A]: new GAMAService({ bridge }),
  [B]: new Wav2Vec2Service({ bridge }),
  [BASELINE]: new MelStatisticsService({ kind: "fbank", bridge }),
};
const layers: Record<string, string> = {};
const found = new Map<string, ProbeOutcome>();
for (const [arm, service] of Object.entries(services)) {
  const table = await embed(service, { ...samples, rows });
  layers[arm] = String(table.facts["layer"]);
  for (const kind of TASKS) {
    const input = { features: table.features, shape: table.shape, labels, groups, kind };
    found.set(`${kind} ${arm}`, await probe(input, { bridge }));
  }
}
const outcomeOf = (task: string, arm: string): ProbeOutcome => {
  const outcome = found.get(`${task} ${arm}`);
  if (outcome === undefined) throw new Error(`no outcome of ${arm} in ${task}`);
  return outcome;
};
const scores = (task: string, arm: string): number[] => outcomeOf(task, arm).correct.map(Number);

const comparisons = TASKS.flatMap((task) =>
  [
    { a: A, b: B, declared: task === "linear" },
    { a: A, b: BASELINE, declared: false },
    { a: B, b: BASELINE, declared: false },
  ].map(({ a, b, declared }) => ({
    a,
    b,
    task,
    metric: "accuracy",
    family: declared ? "primary" : "exploratory",
    claim: declared ? "superior" : null,
    margin: null,
    groups,
    outcomesA: scores(task, a),
    outcomesB: scores(task, b),
  })),
);
const printed = execFileSync(await findPython(), [join(import.meta.dirname, "judge-fixture.py")], {
  input: JSON.stringify({ a: A, b: B, groups, comparisons }),
  stdio: ["pipe", "pipe", "inherit"],
  maxBuffer: 2 ** 26,
});
const judged = camel(JSON.parse(printed.toString())) as Pick<StudyResults, "verdicts" | "power"> & {
  cost: object[];
};

const pair = { a: A, b: B, task: "linear" } as const;
const said = (arm: string): readonly string[] => outcomeOf("linear", arm).predictions;
const mistakes = (arm: string, truth: string, as: string): number =>
  labels.filter((label, at) => label === truth && said(arm)[at] === as && truth !== as).length;
const mean = (values: readonly number[]): number =>
  values.reduce((sum, each) => sum + each, 0) / values.length;
const results: StudyResults = {
  schema: RESULTS_SCHEMA,
  name: "samples-48",
  question: "Does gama-tiny tell instruments and alarms apart better than wav2vec2-tiny?",
  level: 0.95,
  alpha: 0.05,
  seed: 0,
  data: {
    name: samples.name,
    licence: samples.licence,
    citation: samples.citation,
    clips: rows.length,
    sources: new Set(groups).size,
    clusterBy: samples.clusterBy,
    root: dataRoot(rows.map(({ id, sha256 = "" }) => ({ id, sha256, pcm: sha256 }))),
    rule: samples.protocol.rule,
    excluded: [],
  },
  arms: [A, B, BASELINE].map((id) => ({
    id,
    model: id,
    reads: `features: layer ${layers[id]}, mean`,
    dtype: "float32",
    exposure:
      id === A
        ? { kind: "labels of these classes", source: "model card" }
        : { kind: "none", source: id === B ? "model card" : "nothing was trained" },
    baseline: id === BASELINE ? "mel statistics" : null,
    card: id === BASELINE ? "computed here from the signal: nobody's weights" : "README.md",
    licence: id === BASELINE ? null : "Apache-2.0",
    citation: id === BASELINE ? null : `grym-synth: ${id}, weights/${id}/README.md`,
  })),
  tasks: TASKS.map((task) => ({
    task,
    metric: "accuracy",
    lowerIsBetter: false,
    folds: { count: 5, by: "drawn by source", seed: 0, splits: null },
    arms: [A, B, BASELINE].map((arm) => {
      const { accuracy, interval, reason, parameters, settings } = outcomeOf(task, arm);
      return {
        arm,
        value: accuracy,
        interval,
        reason,
        counts: { ok: rows.length, failed: 0, unmapped: 0, other: 0 },
        foldMean: null,
        trainableParameters: parameters === 0 ? null : parameters,
        chosen: [...new Set(settings)],
      };
    }),
  })),
  verdicts: judged.verdicts.toSorted((one, other) => rank(one.family) - rank(other.family)),
  fairness: [
    {
      what: "same decoded samples",
      ok: true,
      byArm: {},
      note: "sha256 of the samples of each clip",
    },
    {
      what: "same seconds heard",
      ok: true,
      byArm: { [A]: "84.0 s", [B]: "84.0 s", [BASELINE]: "84.0 s" },
      note: null,
    },
    {
      what: "sampling rate",
      ok: null,
      byArm: { [A]: "16 kHz", [B]: "16 kHz", [BASELINE]: "16 kHz" },
      note: "soxr HQ",
    },
  ],
  leakage: [],
  duplicateSearch: {
    reason: "the fixture was made without a run",
    arms: [],
    nearest: 0,
    planted: 0,
    plantedFound: 0,
    candidates: 0,
    alike: 0,
  },
  spread: [],
  classes: CLASSES.map((label) => {
    const at = labels.flatMap((each, index) => (each === label ? [index] : []));
    const of = (arm: string): number => mean(at.map((index) => scores("linear", arm)[index] ?? 0));
    return { ...pair, label, clips: at.length, sources: SOURCES, scoreA: of(A), scoreB: of(B) };
  }),
  confusions: CLASSES.flatMap((truth) =>
    CLASSES.map((as) => ({
      ...pair,
      truth,
      said: as,
      mistakesA: mistakes(A, truth, as),
      mistakesB: mistakes(B, truth, as),
    })),
  ).filter(({ mistakesA, mistakesB }) => mistakesA !== mistakesB),
  deciding: rows.flatMap((row, at) => {
    const [scoreA = 0, scoreB = 0] = [scores("linear", A)[at], scores("linear", B)[at]];
    if (scoreA === scoreB) return [];
    const { id, path, clusterId, labels: known } = row;
    const [saidA = null, saidB = null] = [said(A)[at], said(B)[at]];
    const clip = { clip: id, source: clusterId, truth: known.class, path };
    return [{ ...pair, ...clip, saidA, saidB, scoreA, scoreB }];
  }),
  power: judged.power,
  stopping: { rule: "fixed", sources: CLASSES.length * SOURCES, of: CLASSES.length * SOURCES },
  cost: judged.cost.map((it) => ({ a: A, b: B, ...it })) as unknown as StudyResults["cost"],
  // As judge-fixture.py draws it.
  costRun: {
    incarnations: 5,
    blocks: 4,
    singles: 1,
    batch: 16,
    voids: [],
    load: { least: 0.5, most: 1.2 },
    peakSources: ["high_water_mark"],
    noEnergy: "no RAPL counter is in /sys/class/powercap",
  },
};
writeFileSync(join(FIXTURE, "results.json"), `${JSON.stringify(results, null, 1)}\n`);

const outcomes = TASKS.flatMap((task) =>
  [A, B, BASELINE].flatMap((arm) =>
    rows.map(
      (row, at): Omit<Outcome, "retries"> => ({
        arm,
        task,
        clip: row.id,
        cluster: row.clusterId,
        fold: outcomeOf(task, arm).fold[at] ?? null,
        status: "ok",
        score: scores(task, arm)[at] ?? 0,
        truth: row.labels.class,
        said: outcomeOf(task, arm).predictions[at] ?? null,
        secondsHeard: row.seconds ?? 0,
        servedBy: arm,
      }),
    ),
  ),
);
const lines = outcomes.map((outcome) => `${canonicalJson(outcome)}\n`).join("");
writeFileSync(join(FIXTURE, "outcomes.jsonl"), lines);

function rank(family: string): number {
  return family === "primary" ? 0 : 1;
}

/** Names of Python's fields as ours. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object" || value === null) return value;
  const renamed: Record<string, string> = { p_value: "p", mcnemar_mid_p: "mcnemarMidP" };
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      renamed[name] ?? name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camel(member),
    ]),
  );
}
