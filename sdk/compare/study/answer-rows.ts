/** What a model gave for a clip, before anyone looks at a label: a row of `answers/<arm>.jsonl`. */
import type { ClipFailure } from "../../bridge/protocol.gen.ts";
import type { Work } from "./work.ts";

export interface AnswerRow {
  readonly clip: string;
  /** Why there is no answer. */
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly secondsHeard: number;
  readonly secondsGiven: number;
  /** Model and revision that did answer. */
  readonly servedBy: string;
  /** Of an arm that scores candidates: by label, after the arm's rule. */
  readonly scores?: Readonly<Record<string, number>> | undefined;
  /** Of an arm that is read by its words. */
  readonly text?: string | undefined;
  /** Of an arm that answers: by the label that the question is about. */
  readonly texts?: Readonly<Record<string, string>> | undefined;
}

/** What a chunk gave. */
export interface HeardChunk {
  readonly rows: readonly AnswerRow[];
  /** null: no clip could be heard. */
  readonly work: Work | null;
  /** [clips, …]; NaN for a clip that failed. Of an arm that is read by features, unless all clips failed. */
  readonly features?:
    | { readonly data: Float32Array; readonly shape: readonly number[] }
    | undefined;
}

/** The row of a clip that could not be used. */
export function failedRow(
  clip: string,
  { code, message }: Pick<ClipFailure, "code" | "message">,
  servedBy: string,
): AnswerRow {
  return { clip, failure: { code, message }, secondsHeard: 0, secondsGiven: 0, servedBy };
}
