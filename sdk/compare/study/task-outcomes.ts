/** One arm in one task, on features that are stored: outcomes of every judged clip. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import { cluster } from "../../cluster/cluster.ts";
import { fewShot } from "../few-shot.ts";
import { type LabelMapper, mapLabel } from "../label-mapper.ts";
import { type ProbeOutcome, probe } from "../probe.ts";
import { probeTags } from "../probe-tags.ts";
import { retrieve } from "../retrieve.ts";
import type { Outcome, Reading, Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import { isRight } from "./grade-answer.ts";
import { RECALL_AT } from "./metrics.ts";
import type { Floats } from "./npy.ts";
import { type TaskClip, type TaskFolds, tellAnswers } from "./task-clips.ts";

/** What an arm did in a task. */
export interface TaskFindings {
  /** What the arm said of each judged clip; null: it only trains, or is not asked. */
  readonly said: readonly (Said | null)[];
  /** Of the probe alone; null where nothing is trained. */
  readonly parameters: number | null;
  /** What was chosen inside the training folds, and what else deserves to be known. */
  readonly chosen: readonly string[];
}

/** The part of an outcome that a task finds. */
export type Said = Pick<Outcome, "fold" | "score" | "said" | "detail"> & {
  /** @default "ok" */
  readonly status?: "unmapped" | "other" | undefined;
};

/** What a task works with. */
export interface TaskInput {
  readonly task: Task;
  readonly clips: readonly TaskClip[];
  readonly folds: TaskFolds;
  /** Of draws and of clusters. */
  readonly seed: number;
  readonly bridge: GAMABridge;
}

/** @throws OperationFailedError too few clips, sources or labels for the task */
export async function findByFeatures(
  input: TaskInput,
  { data, shape }: Floats,
  { signal, onProgress }: CallOptions,
): Promise<TaskFindings> {
  const { task, clips, folds, seed, bridge } = input;
  const call = { signal, onProgress, bridge };
  const [count = 0, width = 0] = shape;
  const features = { features: data, shape: [count, width] as const };
  const labels = clips.map(({ truth }) => truth);
  const groups = clips.map(({ clusterId }) => clusterId);
  switch (task.kind) {
    case "few-shot": {
      const { perLabel, draws } = task;
      const asked = { ...features, labels, groups, perLabel, draws, seed, ...folds };
      const found = await fewShot(asked, call);
      const said = found.share.map((score, at) =>
        judged(found.fold[at], () => ({ score, said: null })),
      );
      return { said, parameters: null, chosen: found.notes };
    }
    case "retrieval": {
      const found = await retrieve({ ...features, labels, groups, ks: task.ks ?? RECALL_AT }, call);
      const said = found.ap.map((mAP, at): Said | null => {
        if (!found.asked[at]) return null;
        const hits = found.ks.map((k, each) => [`recall@${k}`, Number(found.hits[at]?.[each])]);
        const scores = { mAP, ...Object.fromEntries(hits) };
        return { fold: null, score: mAP, said: null, detail: { scores } };
      });
      const left = found.asked.filter((isAsked) => !isAsked).length;
      const chosen = left === 0 ? [] : [`${left} clips not asked: no other source has their label`];
      return { said, parameters: null, chosen };
    }
    case "clustering": {
      const options = { method: "kmeans", reduction: "none", map: false, evidence: false } as const;
      const clusters = new Set(labels).size;
      const found = await cluster(features, { ...options, clusters, groups, seed, ...call });
      const said = shareOfOwnLabel(found.assignments, labels);
      const failed = found.assignments.filter((own) => own === null).length;
      const noise =
        failed === 0 ? "no noise" : `no noise; ${failed} failed clips stand together, as one more`;
      const chosen = [`k-means, k = labels, ${noise}: ${found.settings}`];
      return { said, parameters: null, chosen };
    }
    case "tags": {
      const tags = clips.map((clip) => clip.tags);
      const found = await probeTags({ ...features, tags, groups, seed, ...folds }, call);
      const said = found.fold.map((fold, at) =>
        judged(fold, () => readTags(found.names, found.scores, at, tags[at] ?? [])),
      );
      return { said, parameters: (width + 1) * found.names.length, chosen: found.settings };
    }
    default: {
      const kind = task.kind === "layers" || task.kind === "mlp" ? task.kind : undefined;
      const asked = { features: data, shape: asProbed(shape), labels, groups, seed, ...folds };
      const found = await probe(
        { ...asked, kind: kind ?? (task.kind === "knn" ? "knn" : "linear") },
        call,
      );
      const said = found.predictions.map((prediction, at) =>
        judged(found.fold[at], () => ({
          score: Number(found.correct[at]),
          said: prediction === "" ? null : prediction,
        })),
      );
      return { said, parameters: found.parameters, chosen: withWeights(found) };
    }
  }
}

/** What was chosen in each fold, of `layers` with the weight of each. */
function withWeights({ settings, layerWeights }: ProbeOutcome): string[] {
  return settings.map((setting, fold) => {
    const weights = layerWeights?.[fold]?.map((weight) => weight.toFixed(2));
    return weights === undefined ? setting : `${setting}; layers ${weights.join(" ")}`;
  });
}

/** What an arm that answers said; nothing is trained, so a clip's outcome is its own. */
export function findByWords(
  reads: Exclude<Reading, { by: "features" }>,
  clips: readonly TaskClip[],
  answers: ReadonlyMap<string, AnswerRow>,
): TaskFindings {
  if (reads.by === "score") return findByScores(clips, answers);
  if (reads.by === "text") return findByTexts(clips, answers, reads.mapper);
  return findByAnswers(clips, answers);
}

/** The likeliest candidate; of equal ones the first in the alphabet. */
function findByScores(
  clips: readonly TaskClip[],
  answers: ReadonlyMap<string, AnswerRow>,
): TaskFindings {
  const said = clips.map(({ id, truth }): Said => {
    const { scores } = answers.get(id) ?? {};
    const [best] = Object.entries(scores ?? {}).sort(
      ([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1),
    );
    const label = best?.[0] ?? null;
    return { fold: null, score: Number(label === truth), said: label };
  });
  return { said, parameters: null, chosen: [] };
}

/** What the mapper makes of the words. */
function findByTexts(
  clips: readonly TaskClip[],
  answers: ReadonlyMap<string, AnswerRow>,
  mapper: LabelMapper,
): TaskFindings {
  const said = clips.map(({ id, truth }): Said => {
    const text = answers.get(id)?.text ?? "";
    const { status, label } = mapLabel(text, mapper);
    const score = Number(status === "ok" && label === truth);
    const found = { fold: null, score, said: label, detail: { text } };
    return status === "ok" ? found : { ...found, status };
  });
  return { said, parameters: null, chosen: [] };
}

/** The share of a clip's questions that were answered rightly, and each of them. */
function findByAnswers(
  clips: readonly TaskClip[],
  answers: ReadonlyMap<string, AnswerRow>,
): TaskFindings {
  const said = clips.map(({ id, expected }): Said => {
    const texts = answers.get(id)?.texts ?? {};
    const scores = Object.fromEntries(
      Object.entries(expected).map(([label, answer]) => {
        return [label, Number(isRight(texts[label] ?? "", answer))];
      }),
    );
    const right = Object.values(scores);
    const score = right.reduce((sum, each) => sum + each, 0) / right.length;
    return { fold: null, score, said: tellAnswers(texts) || null, detail: { scores } };
  });
  return { said, parameters: null, chosen: [] };
}

function judged(fold: number | undefined, said: () => Omit<Said, "fold">): Said | null {
  return fold === undefined || fold < 0 ? null : { fold, ...said() };
}

function asProbed(
  shape: readonly number[],
): readonly [number, number] | readonly [number, number, number] {
  const [clips = 0, stacked = 0, width] = shape;
  return width === undefined ? [clips, stacked] : [clips, stacked, width];
}

/** A clip counts by how much of its cluster has its label; the metric is computed from the clusters. */
function shareOfOwnLabel(
  assignments: readonly (number | null)[],
  labels: readonly string[],
): Said[] {
  const members = Map.groupBy(labels.keys(), (at) => assignments[at]);
  return assignments.map((own, at) => {
    if (own === null) return { fold: null, score: 0, said: null };
    const others = members.get(own) ?? [];
    const alike = others.filter((other) => labels[other] === labels[at]).length;
    return { fold: null, score: alike / others.length, said: String(own) };
  });
}

/** A clip counts as right where its first tag is one of its own; mAP is computed from the scores. */
function readTags(
  names: readonly string[],
  all: Float32Array,
  at: number,
  tags: readonly string[],
): Omit<Said, "fold"> {
  const row = Array.from(all.subarray(at * names.length, (at + 1) * names.length));
  if (!row.every(Number.isFinite)) return { score: 0, said: null };
  const best = names[row.indexOf(Math.max(...row))] ?? "";
  const scores = Object.fromEntries(names.map((name, index) => [name, row[index] ?? 0]));
  return { score: Number(tags.includes(best)), said: best, detail: { scores } };
}
