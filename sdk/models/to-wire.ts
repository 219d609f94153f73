/** Arguments of the services in the words of the wire. */
import { type AudioInput, toWireAudio, type WireAudio } from "../audio/audio-input.ts";
import type {
  DescribeData,
  ExtractFeaturesData,
  GenerationOptions,
  Question,
  ScoreData,
  TranscribeData,
} from "../bridge/protocol.gen.ts";
import { InvalidArgumentError } from "../errors.ts";
import type { AudioQuestion, DescribeOptions, ProcessingOptions } from "./answer-types.ts";
import type { FeatureOptions } from "./feature-types.ts";
import type { ScoreOptions } from "./score-types.ts";
import type { TranscribeOptions } from "./transcript.ts";

/** One clip, or a batch of them. */
export interface WireAudios {
  readonly audio?: WireAudio;
  readonly audios?: readonly WireAudio[];
}

/**
 * One clip or a batch of them; an array of numbers is one clip.
 *
 * @throws InvalidArgumentError an empty batch, or something that is no audio
 */
export function toWireAudios(audio: AudioInput | readonly AudioInput[]): WireAudios {
  return isBatch(audio) ? { audios: toWireBatch(audio) } : { audio: toWireAudio(audio) };
}

/** @throws InvalidArgumentError an empty batch, or something that is no audio */
export function toWireBatch(audios: readonly AudioInput[]): readonly WireAudio[] {
  if (audios.length === 0) throw new InvalidArgumentError("audio", "at least one clip", audios);
  return audios.map((clip, index) => toWireAudio(clip, `audio[${index}]`));
}

/** Whether it is a batch; an array of numbers is one clip. */
export function isBatch(audio: AudioInput | readonly AudioInput[]): audio is readonly AudioInput[] {
  return Array.isArray(audio) && typeof audio[0] !== "number";
}

/** Questions about a batch of clips. */
export interface WireQuestions {
  readonly audios: readonly WireAudio[];
  readonly questions: readonly Question[];
}

/** The same audio in arrays of its own. */
export function copySamples<Wire extends WireAudios>(wire: Wire): Wire {
  const { audio, audios } = wire;
  return {
    ...wire,
    ...(audio === undefined ? {} : { audio: copyClip(audio) }),
    ...(audios === undefined ? {} : { audios: audios.map(copyClip) }),
  };
}

function copyClip(audio: WireAudio): WireAudio {
  if (typeof audio === "string") return audio;
  if (!("samples" in audio)) return isNumbers(audio) ? [...audio] : audio;
  const { samples } = audio;
  const isTensor = typeof samples === "object" && samples !== null && "shape" in samples;
  return isTensor ? { ...audio, samples: { ...samples, data: samples.data.slice() } } : audio;
}

function isNumbers(audio: WireAudio): audio is readonly number[] {
  return Array.isArray(audio);
}

/** Only what was set: the defaults are Python's. Numbers in JSON would lose what a NaN carries. */
export function toFeatureOptions({
  layer,
  pooling,
  batchSize,
  longAudio,
  windowSeconds,
  hopSeconds,
  l2,
  cache,
  composition,
}: FeatureOptions): Omit<ExtractFeaturesData, "audio" | "audios" | "model"> {
  return {
    reply: "tensor",
    ...(layer === undefined ? {} : { layer }),
    ...(pooling === undefined ? {} : { pooling }),
    ...(batchSize === undefined ? {} : { batch_size: batchSize }),
    ...(longAudio === undefined ? {} : { long_audio: longAudio }),
    ...(windowSeconds === undefined ? {} : { window_seconds: windowSeconds }),
    ...(hopSeconds === undefined ? {} : { hop_seconds: hopSeconds }),
    ...(l2 === undefined ? {} : { l2 }),
    ...(cache === undefined ? {} : { cache }),
    ...(composition === undefined ? {} : { composition }),
  };
}

/** Only what was set: the defaults are Python's. */
export function toAskingOptions(
  options: Omit<DescribeOptions, "disk">,
): Pick<DescribeData, "options" | "cache" | "long_audio"> {
  const { cache, longAudio } = options;
  return {
    options: toGenerationOptions(options),
    ...(cache === undefined ? {} : { cache }),
    ...(longAudio === undefined ? {} : { long_audio: longAudio }),
  };
}

/** Only what was set: the defaults are Python's. */
export function toDescribeOptions({
  disk,
  ...options
}: DescribeOptions): Pick<DescribeData, "options" | "cache" | "disk" | "long_audio"> {
  return { ...toAskingOptions(options), ...(disk === undefined ? {} : { disk }) };
}

/**
 * Questions and the clips that they are about, each of them once.
 *
 * @throws InvalidArgumentError no questions, or something that is no audio
 */
export function toWireQuestions(questions: readonly AudioQuestion[]): WireQuestions {
  if (questions.length === 0) {
    throw new InvalidArgumentError("questions", "at least one question", questions);
  }
  const audios: WireAudio[] = [];
  const places = new Map<AudioInput, number>();
  for (const [index, { audio }] of questions.entries()) {
    if (places.has(audio)) continue;
    places.set(audio, audios.length);
    audios.push(toWireAudio(audio, `questions[${index}].audio`));
  }
  return {
    audios,
    questions: questions.map(({ audio, prompt }) => ({
      audio: places.get(audio) ?? 0,
      ...(prompt === undefined ? {} : { prompt }),
    })),
  };
}

/** Only what was set: the defaults are Python's. */
export function toScoreOptions({
  prompt,
  end,
  cache,
  disk,
  longAudio,
}: ScoreOptions): Pick<ScoreData, "prompt" | "end" | "cache" | "disk" | "long_audio"> {
  return {
    ...(prompt === undefined ? {} : { prompt }),
    ...(end === undefined ? {} : { end }),
    ...(cache === undefined ? {} : { cache }),
    ...(disk === undefined ? {} : { disk }),
    ...(longAudio === undefined ? {} : { long_audio: longAudio }),
  };
}

/** Only what was set: the defaults are Python's. */
export function toTranscribeOptions({
  longAudio,
  windowSeconds,
  contextSeconds,
}: TranscribeOptions): Pick<TranscribeData, "long_audio" | "window_seconds" | "context_seconds"> {
  return {
    ...(longAudio === undefined ? {} : { long_audio: longAudio }),
    ...(windowSeconds === undefined ? {} : { window_seconds: windowSeconds }),
    ...(contextSeconds === undefined ? {} : { context_seconds: contextSeconds }),
  };
}

/** Only what was set: the defaults are Python's. */
function toGenerationOptions(options: ProcessingOptions): GenerationOptions {
  const { preset, maxNewTokens, doSample, temperature, topP, topK, repetitionPenalty, seed } =
    options;
  return {
    ...(preset === undefined ? {} : { preset }),
    ...(maxNewTokens === undefined ? {} : { max_new_tokens: maxNewTokens }),
    ...(doSample === undefined ? {} : { do_sample: doSample }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
    ...(repetitionPenalty === undefined ? {} : { repetition_penalty: repetitionPenalty }),
    ...(seed === undefined ? {} : { seed }),
  };
}
