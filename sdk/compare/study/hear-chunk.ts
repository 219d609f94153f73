/** One arm hears one chunk. Labels are not here: nothing that is asked can depend on them. */
import { AudioClip } from "../../audio/audio-clip.ts";
import type { CallOptions } from "../../bridge/call-options.ts";
import { isClipFault, OperationFailedError } from "../../errors.ts";
import type { Reading } from "../study-types.ts";
import { type AnswerRow, failedRow, type HeardChunk } from "./answer-rows.ts";
import type { ArmModel } from "./arm-models.ts";

/** A clip as a file, and the part of it that all arms hear. */
export interface ClipFile {
  readonly id: string;
  readonly path: string;
  /** null: to its end. */
  readonly seconds: number | null;
}

/** @throws OperationFailedError the model failed, or has not learnt what is asked */
export async function hearChunk(
  model: ArmModel,
  reads: Reading,
  clips: readonly ClipFile[],
  call: CallOptions,
): Promise<HeardChunk> {
  try {
    return await hearTogether(model, reads, clips, call);
  } catch (error) {
    // Where not one clip can be read Python raises the first one's error; each is asked for its own.
    if (!(error instanceof OperationFailedError && isClipFault(error.code))) throw error;
    if (clips.length === 1) {
      const { code, cause } = error;
      const failure = { code, message: cause.message };
      return { rows: clips.map(({ id }) => failedRow(id, failure, servedBy(model))) };
    }
  }
  const rows: AnswerRow[] = [];
  for (const clip of clips) rows.push(...(await hearChunk(model, reads, [clip], call)).rows);
  return { rows };
}

async function hearTogether(
  model: ArmModel,
  reads: Reading,
  clips: readonly ClipFile[],
  call: CallOptions,
): Promise<HeardChunk> {
  const audios = clips.map(({ path, seconds }) =>
    AudioClip.fromFile(path, seconds === null ? {} : { duration: seconds }),
  );
  if (reads.by === "features") return await hearFeatures(model, reads, clips, audios, call);
  if (reads.by === "score") return await hearScores(model, reads, clips, audios, call);
  return await hearTexts(model, reads, clips, audios, call);
}

async function hearFeatures(
  model: ArmModel,
  { layer, pooling, l2 }: Extract<Reading, { by: "features" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  call: CallOptions,
): Promise<HeardChunk> {
  // From the disk some clips would come without their neighbours, and the others with fewer.
  const options = { ...call, layer, pooling, l2, cache: false, batchSize: clips.length };
  const features = await model.service.extractFeatures(audios, options);
  const { data, shape, secondsHeard, secondsGiven } = features;
  const failed = new Map(features.failures.map((failure) => [failure.index, failure]));
  const rows = clips.map(({ id }, index): AnswerRow => {
    const failure = failed.get(index);
    if (failure !== undefined) return failedRow(id, failure, servedBy(model));
    const [heard = 0, given = 0] = [secondsHeard[index], secondsGiven[index]];
    return answered(model, id, heard, given);
  });
  return { rows, features: { data, shape } };
}

async function hearScores(
  model: ArmModel,
  { prompt, candidates, rule }: Extract<Reading, { by: "score" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  call: CallOptions,
): Promise<HeardChunk> {
  const labels = Object.keys(candidates);
  const options = { ...call, prompt, cache: false };
  const scored = await model.service.score(audios, Object.values(candidates), options);
  const failed = new Map(scored.failures.map((failure) => [failure.index, failure]));
  const rows = clips.map(({ id }, index): AnswerRow => {
    const found = scored.clips[index];
    if (found === undefined) {
      const none = { code: "internal", message: "no scores came" } as const;
      return failedRow(id, failed.get(index) ?? none, servedBy(model));
    }
    const values = rule === "sum" ? found.logProbabilities : found.meanLogProbabilities;
    const scores = Object.fromEntries(labels.map((label, at) => [label, values[at] ?? 0]));
    return { ...answered(model, id, found.secondsHeard, found.secondsGiven), scores };
  });
  return { rows };
}

/** Decoded greedily: the same words each time. */
async function hearTexts(
  model: ArmModel,
  { prompt, maxNewTokens }: Extract<Reading, { by: "text" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  call: CallOptions,
): Promise<HeardChunk> {
  const asked = audios.map((audio) => ({ audio, ...(prompt === undefined ? {} : { prompt }) }));
  const options = { ...call, maxNewTokens, cache: false };
  const { answers, failures } = await model.service.describe(asked, options);
  const failed = new Map(failures.map((failure) => [failure.index, failure]));
  const rows = clips.map(({ id }, index): AnswerRow => {
    const found = answers[index];
    if (found === undefined) {
      const none = { code: "internal", message: "no answer came" } as const;
      return failedRow(id, failed.get(index) ?? none, servedBy(model));
    }
    const { text, secondsHeard, secondsGiven } = found;
    return { ...answered(model, id, secondsHeard, secondsGiven), text };
  });
  return { rows };
}

function answered(
  model: ArmModel,
  clip: string,
  secondsHeard: number,
  secondsGiven: number,
): AnswerRow {
  return { clip, failure: null, secondsHeard, secondsGiven, servedBy: servedBy(model) };
}

function servedBy({ info }: ArmModel): string {
  return `${info.modelId}@${info.revision}`;
}
