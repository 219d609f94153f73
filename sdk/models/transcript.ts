import type { CallOptions } from "../bridge/call-options.ts";
import type { OperationResult } from "../bridge/operation-types.ts";
import type {
  ClipFailure,
  LongAudio,
  ClipTranscript as WireTranscript,
} from "../bridge/protocol.gen.ts";
import { table } from "../display/table.ts";
import { WireError } from "../errors.ts";
import { ShownObject, showAs } from "../shown-object.ts";
import { type MemoryUsage, toMemoryUsage } from "./memory-usage.ts";
import type { ResultEnvelope, TimeSpan } from "./result-envelope.ts";

/** How speech is written down. */
export interface TranscribeOptions extends CallOptions {
  /**
   * Of a clip longer than `windowSeconds`: `windows` hears all of it, `truncate` its beginning, `error`
   * refuses it (`audio_too_long`). A word at a seam of two windows is written once.
   * @default "windows"
   */
  readonly longAudio?: LongAudio | undefined;
  /**
   * Most that goes through the model together.
   * @default 30
   */
  readonly windowSeconds?: number | undefined;
  /**
   * What is heard on either side of a seam and not taken there.
   * @default 5
   */
  readonly contextSeconds?: number | undefined;
}

/** A word, and when it was said: seconds from where what was given begins. */
export interface SpokenWord extends TimeSpan {
  readonly text: string;
  /** 0 to 1, to rank by, not calibrated: geometric mean of the best symbols' probabilities. */
  readonly confidence: number;
}

type Envelope = Omit<ResultEnvelope, "processingTime" | "memoryUsage">;

/** What was said in one clip. A notebook shows the words with their times. */
export class Transcript extends ShownObject implements Envelope {
  /** The words, a space between each two. */
  declare readonly text: string;
  readonly words: readonly SpokenWord[];
  readonly secondsHeard: number;
  readonly secondsGiven: number;
  /** What went through the model together; several overlap. */
  readonly windows: readonly TimeSpan[];
  readonly modelId: string;
  readonly revision: string;
  readonly device: string;
  readonly dtype: ResultEnvelope["dtype"];

  constructor(clip: WireTranscript, { modelId, revision, device, dtype }: Envelope) {
    super(clip.text, () => ({ "text/html": showWords(clip.words) }));
    this.words = clip.words;
    this.secondsHeard = clip.seconds_heard;
    this.secondsGiven = clip.seconds_given;
    this.windows = clip.windows;
    this.modelId = modelId;
    this.revision = revision;
    this.device = device;
    this.dtype = dtype;
  }
}

/** What was said in several clips. */
export interface Transcripts extends ResultEnvelope {
  /** `undefined` for a clip that could not be used: `failures` says why. */
  readonly clips: readonly (Transcript | undefined)[];
  /** From one frame to the next: words begin and end on frames. */
  readonly frameSeconds: number;
  readonly longAudio: LongAudio;
  readonly windowSeconds: number;
  readonly contextSeconds: number;
  readonly memoryUsage: MemoryUsage;
  readonly failures: readonly ClipFailure[];
}

export function toTranscripts(result: OperationResult<"transcribe">): Transcripts {
  const envelope = {
    modelId: result.model_id,
    revision: result.revision,
    device: result.device,
    dtype: result.dtype,
    processingTime: result.processing_time,
    memoryUsage: toMemoryUsage(result.memory_usage),
  };
  const transcripts: Transcripts = {
    ...envelope,
    clips: result.clips.map((clip) => (clip ? new Transcript(clip, envelope) : undefined)),
    frameSeconds: result.frame_seconds,
    longAudio: result.long_audio,
    windowSeconds: result.window_seconds,
    contextSeconds: result.context_seconds,
    failures: result.failures,
  };
  return showAs(transcripts, async (it) =>
    (await import("./shown-results.ts")).transcriptsBundle(it),
  );
}

/** The same of a single clip. */
export function toTranscript(result: OperationResult<"transcribe">): Transcript {
  const [clip] = toTranscripts(result).clips;
  if (clip === undefined) throw new WireError("Python sent no transcript of the only clip");
  return clip;
}

function showWords(words: readonly SpokenWord[]): string {
  const rows = words.map(({ text, start, end, confidence }) => ({
    word: text,
    "start s": start,
    "end s": end,
    confidence,
  }));
  return table(rows, { digits: 2 }).source;
}
