import { type AudioInput, toWireAudio } from "../audio/audio-input.ts";
import type { ClipFailure } from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { type MemoryUsage, toMemoryUsage } from "../models/memory-usage.ts";
import { showAs } from "../shown-object.ts";
import type { StatisticsOptions } from "./probe.ts";

/** How much of each clip the digest is of. */
export interface InspectionOptions extends StatisticsOptions {
  /** From the beginning, for clips of which no arm hears more. @default the whole clip */
  readonly seconds?: number | undefined;
}

/** A clip as it was decoded, before any model resamples it or makes it mono. */
export interface InspectedClip {
  /** Of the whole clip. */
  readonly seconds: number;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** blake2b of rate, channels and samples, hexadecimal: one for one sound, whatever file it lies in. */
  readonly digest: string;
}

/** What there is to be heard. */
export interface AudioInspection {
  /** In the order of the clips; null for one that is among the failures. */
  readonly clips: readonly (InspectedClip | null)[];
  /** Clips that no arm could hear, and why. */
  readonly failures: readonly Readonly<ClipFailure>[];
  /** Seconds. */
  readonly processingTime: number;
  readonly memoryUsage: MemoryUsage;
}

/**
 * Decodes clips, and says how long they are and whether two of them are the same sound. No model is needed.
 *
 * @throws InvalidArgumentError something that is no audio
 */
export async function inspectAudio(
  audios: readonly AudioInput[],
  options: InspectionOptions = {},
): Promise<AudioInspection> {
  const { bridge = sharedBridge(), seconds, ...call } = options;
  const result = await bridge.executeOperation(
    "inspect_audio",
    {
      audios: audios.map((audio, at) => toWireAudio(audio, `audios[${at}]`)),
      ...(seconds === undefined ? {} : { duration: seconds }),
    },
    call,
  );
  const found: AudioInspection = {
    clips: result.clips.map((clip) => {
      if (clip === null) return null;
      const { sample_rate, ...facts } = clip;
      return { ...facts, sampleRate: sample_rate };
    }),
    failures: result.failures,
    processingTime: result.processing_time,
    memoryUsage: toMemoryUsage(result.memory_usage),
  };
  return showAs(found, async (it) => (await import("./shown-inspection.ts")).inspectionBundle(it));
}
