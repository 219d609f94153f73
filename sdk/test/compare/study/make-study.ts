/** A small study on shipped clips, for tests. */
import { openSamples } from "../../../../datasets/samples.ts";
import type { ClipLabels, Dataset } from "../../../compare/dataset-types.ts";
import type { Study } from "../../../compare/study-types.ts";

const CLASSES = ["dog", "cat", "bird", "church bell"];
const SOURCES_EACH = 3;

/** 36 clips of 12 sources, of two and of three and a half seconds. */
export async function takeClips(): Promise<Dataset<ClipLabels>> {
  const samples = await openSamples();
  const rows = CLASSES.flatMap((name) => {
    const members = samples.rows.filter(({ labels }) => labels.class === name);
    const sources = [...new Set(members.map(({ clusterId }) => clusterId))].slice(0, SOURCES_EACH);
    return members.filter(({ clusterId }) => sources.includes(clusterId));
  });
  return { ...samples, rows };
}

/** A study of 12 clips, in which two arms are timed that need no torch. */
export async function makeCostStudy(change: Partial<Study> = {}): Promise<Study> {
  const clips = await takeClips();
  const sources = new Set<string>();
  const rows = clips.rows.filter(
    ({ clusterId }) => !sources.has(clusterId) && sources.add(clusterId),
  );
  return {
    name: "costly",
    question: "What do two kinds of mel statistics cost?",
    data: { ...clips, rows },
    arms: [{ id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } }],
    tasks: [{ kind: "knn" }],
    primary: [],
    cost: { pair: ["mfcc-20", "fbank"], incarnations: 1, blocks: 2, clipsPerSlot: 2 },
    seed: 7,
    ...change,
  };
}

/** One model is read by its features, the other by its words. */
export async function makeStudy(change: Partial<Study> = {}): Promise<Study> {
  return {
    name: "tiny",
    question: "Are the features of wav2vec2-tiny better than mel statistics?",
    data: await takeClips(),
    arms: [
      { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
      {
        id: "gama",
        model: "gama-tiny",
        reads: {
          by: "score",
          prompt: "What is the main sound?",
          candidates: Object.fromEntries(CLASSES.map((name) => [name, `a ${name}`])),
          rule: "sum",
        },
        exposure: { kind: "labels of these classes", source: "its model card" },
      },
    ],
    tasks: [{ kind: "linear" }, { kind: "zero-shot" }],
    primary: [
      {
        a: "wav2vec2",
        b: "fbank",
        task: "linear",
        metric: "accuracy",
        claim: "not worse",
        margin: 0.1,
      },
    ],
    seed: 7,
    ...change,
  };
}
