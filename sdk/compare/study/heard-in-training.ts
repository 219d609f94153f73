/** Clips that a model heard when it was trained, by their numbers on freesound.org. */
import { digestOf } from "../../records/run/canonical-json.ts";
import type { Dataset } from "../dataset-types.ts";
import type { Arm, Exposure, Study } from "../study-types.ts";

/** An exposure as a record has it: instead of a long list its length and its digest. */
export interface RecordedExposure extends Pick<Exposure, "kind" | "source"> {
  readonly trainingList?: { readonly ids: number; readonly sha256: string } | undefined;
}

/** What an arm heard of a data set. */
export interface HeardInTraining {
  readonly arm: string;
  /** By id; empty where no recording is in the arm's list. */
  readonly clips: readonly string[];
  /** Clips whose recording is known: of the others nobody can tell. */
  readonly known: number;
}

export function recordExposure({ kind, source, freesoundIds }: Exposure): RecordedExposure {
  if (freesoundIds === undefined) return { kind, source };
  const ids = [...new Set(freesoundIds)].sort();
  return { kind, source, trainingList: { ids: ids.length, sha256: digestOf(ids) } };
}

/** Joins each arm's list with the recordings of the clips; arms without a list are not in the answer. */
export function findHeard(
  { rows }: Pick<Dataset, "rows">,
  arms: readonly Pick<Arm, "id" | "exposure">[],
): HeardInTraining[] {
  const known = rows.filter(({ freesoundId }) => freesoundId !== undefined);
  return arms.flatMap(({ id, exposure }): HeardInTraining[] => {
    if (exposure?.freesoundIds === undefined) return [];
    const ids = new Set(exposure.freesoundIds);
    const heard = known.filter(({ freesoundId = "" }) => ids.has(freesoundId));
    return [{ arm: id, clips: heard.map((row) => row.id), known: known.length }];
  });
}

/** The data set as the study uses it, and what was left out because it asked for that. */
export function leaveOutHeard(
  { data, heardInTraining = "mark" }: Pick<Study, "data" | "heardInTraining">,
  heard: readonly HeardInTraining[],
): { readonly dataset: Dataset; readonly excluded: { id: string; reason: string }[] } {
  if (heardInTraining === "mark") return { dataset: data, excluded: [] };
  const arms = new Map<string, string[]>();
  for (const { arm, clips } of heard) {
    for (const clip of clips) arms.set(clip, [...(arms.get(clip) ?? []), arm]);
  }
  const excluded = data.rows.flatMap(({ id }) => {
    const by = arms.get(id);
    return by === undefined ? [] : [{ id, reason: `heard in training by ${by.join(", ")}` }];
  });
  return { dataset: { ...data, rows: data.rows.filter(({ id }) => !arms.has(id)) }, excluded };
}
