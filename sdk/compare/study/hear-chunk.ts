/** One arm hears one chunk. Labels are not here: nothing that is asked can depend on them. */
import { AudioClip } from "../../audio/audio-clip.ts";
import type { CallOptions } from "../../bridge/call-options.ts";
import { isClipFault } from "../../error-codes.ts";
import { OperationFailedError } from "../../errors.ts";
import type { DescribeOptions } from "../../models/answer-types.ts";
import type { Reading } from "../study-types.ts";
import { type AnswerRow, failedRow, type HeardChunk } from "./answer-rows.ts";
import type { ArmModel } from "./arm-models.ts";
import { toWork } from "./work.ts";

/** A clip as a file, and the part of it that all arms hear. */
export interface ClipFile {
  readonly id: string;
  readonly path: string;
  /** null: to its end. */
  readonly seconds: number | null;
  /** Of an arm that answers: the questions that the clip is asked, by label. */
  readonly asks: Readonly<Record<string, string>>;
}

/** How a chunk is heard. */
export interface HearOptions extends Pick<CallOptions, "signal"> {
  /** What was computed before, of the same chunk, is taken from the disk: equal to the bit. */
  readonly cache: boolean;
}

type Asking = Pick<DescribeOptions, "signal" | "cache" | "disk">;

/** @throws OperationFailedError the model failed, or has not learnt what is asked */
export async function hearChunk(
  model: ArmModel,
  reads: Reading,
  clips: readonly ClipFile[],
  call: HearOptions,
): Promise<HeardChunk> {
  try {
    return await hearTogether(model, reads, clips, call);
  } catch (error) {
    // Where not one clip can be read Python raises the first one's error; each is asked for its own.
    if (!(error instanceof OperationFailedError && isClipFault(error.code))) throw error;
    if (clips.length === 1) {
      const { code, cause } = error;
      const failure = { code, message: cause.message };
      return { rows: clips.map(({ id }) => failedRow(id, failure, servedBy(model))), work: null };
    }
  }
  const rows: AnswerRow[] = [];
  for (const clip of clips) rows.push(...(await hearChunk(model, reads, [clip], call)).rows);
  return { rows, work: null };
}

async function hearTogether(
  model: ArmModel,
  reads: Reading,
  clips: readonly ClipFile[],
  call: HearOptions,
): Promise<HeardChunk> {
  const audios = clips.map(({ path, seconds }) =>
    AudioClip.fromFile(path, seconds === null ? {} : { duration: seconds }),
  );
  if (reads.by === "features") return await hearFeatures(model, reads, clips, audios, call);
  // The model's memory is left alone: what another call has heard would change the last bits.
  const asking = { signal: call.signal, cache: false, disk: call.cache };
  if (reads.by === "score") return await hearScores(model, reads, clips, audios, asking);
  if (reads.by === "text") return await hearTexts(model, reads, clips, audios, asking);
  return await hearAnswers(model, reads, clips, audios, asking);
}

async function hearFeatures(
  model: ArmModel,
  { layer, pooling, l2 }: Extract<Reading, { by: "features" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  { signal, cache }: HearOptions,
): Promise<HeardChunk> {
  const rule = { layer, pooling, l2, batchSize: clips.length };
  const options = { ...rule, cache, composition: "same", signal } as const;
  const features = await model.service.extractFeatures(audios, options);
  const { data, shape, secondsHeard, secondsGiven } = features;
  const failed = new Map(features.failures.map((failure) => [failure.index, failure]));
  const rows = clips.map(({ id }, index): AnswerRow => {
    const failure = failed.get(index);
    if (failure !== undefined) return failedRow(id, failure, servedBy(model));
    const [heard = 0, given = 0] = [secondsHeard[index], secondsGiven[index]];
    return answered(model, id, heard, given);
  });
  const work = toWork(features, features.cached.includes(true));
  return { rows, work, features: { data, shape } };
}

async function hearScores(
  model: ArmModel,
  { prompt, candidates, rule }: Extract<Reading, { by: "score" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  call: Asking,
): Promise<HeardChunk> {
  const labels = Object.keys(candidates);
  const options = { ...call, prompt };
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
  return { rows, work: toWork(scored, scored.fromDisk) };
}

/** Decoded greedily: the same words each time. */
async function hearTexts(
  model: ArmModel,
  { prompt, maxNewTokens }: Extract<Reading, { by: "text" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  call: Asking,
): Promise<HeardChunk> {
  const asked = audios.map((audio) => ({ audio, ...(prompt === undefined ? {} : { prompt }) }));
  const options = { ...call, maxNewTokens };
  const described = await model.service.describe(asked, options);
  const { answers, failures } = described;
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
  return { rows, work: toWork(described, described.fromDisk) };
}

/** All questions about all clips together; a clip that is asked nothing has no row. */
async function hearAnswers(
  model: ArmModel,
  { maxNewTokens }: Extract<Reading, { by: "answers" }>,
  clips: readonly ClipFile[],
  audios: readonly AudioClip[],
  call: Asking,
): Promise<HeardChunk> {
  const asked = clips.flatMap(({ id, asks }, index) =>
    Object.entries(asks).flatMap(([label, prompt]) => {
      const audio = audios[index];
      return audio === undefined ? [] : [{ id, label, audio, prompt }];
    }),
  );
  if (asked.length === 0) return { rows: [], work: null };
  const options = { ...call, maxNewTokens };
  const described = await model.service.describe(asked, options);
  const { answers, failures } = described;
  const failed = new Map(failures.map((failure) => [asked[failure.index]?.id, failure]));
  const rows = [...Map.groupBy(asked.keys(), (at) => asked[at]?.id ?? "")].map(
    ([id, places]): AnswerRow => {
      const failure = failed.get(id);
      if (failure !== undefined) return failedRow(id, failure, servedBy(model));
      const { secondsHeard = 0, secondsGiven = 0 } = answers[places[0] ?? 0] ?? {};
      const texts = places.map((at) => [asked[at]?.label ?? "", answers[at]?.text ?? ""] as const);
      return {
        ...answered(model, id, secondsHeard, secondsGiven),
        texts: Object.fromEntries(texts),
      };
    },
  );
  return { rows, work: toWork(described, described.fromDisk) };
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
