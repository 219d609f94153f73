/** Calls of the real model that needs no weights, for tests and for processes that they start. */
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { OperationData } from "../../bridge/operation-types.ts";

export const RATE = 16_000;
export const tone: Float32Array = Float32Array.from(
  { length: RATE },
  (_, index) => Math.sin(index / 10) / 2,
);

/** By default enough that a call still runs when the test interferes. */
export function longWork(clips = 40): OperationData<"extract_features"> {
  const clip = { samples: new Float32Array(30 * RATE).fill(0.1), sample_rate: RATE };
  return { audios: new Array(clips).fill(clip), model: "fbank", batch_size: 1 };
}

export async function featuresOf(bridge: GAMABridge, gain = 1): Promise<Float32Array> {
  const { features } = await bridge.executeOperation("extract_features", {
    audio: { samples: tone.map((x) => x * gain), sample_rate: RATE },
    model: "fbank",
  });
  return Array.isArray(features)
    ? Float32Array.from(features as number[])
    : (features.data as Float32Array); // the protocol: features are float32
}
