/** The shipped models on real recordings of spoken digits: words of voices never heard, and voices. */
import type { Study } from "grym-synth/compare";
import { openFsdd } from "../../datasets/index.ts";

/**
 * @param folder of the Free Spoken Digit Dataset, or of a part of it
 * @param task `digits`: the source is the speaker; `speakers`: the source is the recording
 */
export async function digits(folder: string, task: "digits" | "speakers"): Promise<Study> {
  const data = await openFsdd(folder, { task });
  const what = task === "digits" ? "digits of voices never heard" : "voices";
  return {
    name: `real-${task}`,
    question: `Do gama-tiny's features tell ${what} better than wav2vec2-tiny's?`,
    data,
    arms: [
      { id: "gama", model: "gama-tiny", reads: { by: "features" } },
      { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
    ],
    tasks: [{ kind: "linear" }, { kind: "knn" }],
    primary: [
      { a: "gama", b: "wav2vec2", task: "linear", metric: "accuracy", claim: "superior" },
      { a: "wav2vec2", b: "fbank", task: "linear", metric: "accuracy", claim: "superior" },
    ],
    seed: 7,
  };
}
