/** One recording on two sides of a split, looked for by what the arms made of the clips. */
import { resolve } from "node:path";
import type { CallOptions } from "../../bridge/call-options.ts";
import { REFUSED } from "../../records/run/open-run.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { Dataset } from "../dataset-types.ts";
import { sidesOf } from "../leakage.ts";
import { LeakageError } from "../leakage-error.ts";
import type { FoldPlan } from "../plan-folds.ts";
import type { DuplicateSearch, LeakageFinding } from "../results-types.ts";
import type { Task } from "../study-types.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import { canDo } from "./can-do.ts";
import type { Chunk } from "./chunks.ts";
import { type Hearing, toFile } from "./hear-all.ts";
import type { Floats } from "./npy.ts";
import {
  type Copy,
  chooseCopies,
  chunkCopies,
  hearCopies,
  pathOf,
  plantCopies,
} from "./planted-copies.ts";
import { readFeatures } from "./read-features.ts";

/** What is searched, and who may not meet. */
export interface SearchedStudy extends Hearing {
  readonly dataset: Pick<Dataset, "name" | "rows" | "protocol">;
  readonly plan: FoldPlan;
  readonly tasks: readonly Task[];
  readonly seed: number;
}

/** A line of the journal: how it was looked for, and what was found. */
export interface DuplicateNote {
  readonly search: DuplicateSearch;
  readonly findings: readonly LeakageFinding[];
}

/**
 * Plants copies of some clips, lets every arm hear them, and looks for pairs as near as they are.
 *
 * @throws LeakageError one recording stands on two sides that are drawn here; the journal keeps it
 */
export async function lookForDuplicates(
  run: RunDirectory,
  models: ArmModels,
  study: SearchedStudy,
  call: CallOptions,
): Promise<void> {
  const known = run.history.find(({ kind }) => kind === "duplicates");
  // Written below, in an earlier life.
  const note = known as unknown as DuplicateNote | undefined;
  const { findings } = note ?? (await search(run, models, study, call));
  const { dataset, plan } = study;
  if (findings.length === 0 || plan.kind === dataset.protocol.kind) return;
  if (!run.history.some(({ kind }) => kind === REFUSED))
    await run.note(REFUSED, { why: "near duplicates" });
  throw new LeakageError(dataset.name, findings);
}

async function search(
  run: RunDirectory,
  models: ArmModels,
  study: SearchedStudy,
  call: CallOptions,
): Promise<DuplicateNote> {
  const arms = study.arms.filter(({ reads }) => reads.by === "features");
  const copies = chooseCopies(study.clips, study.seed);
  const reason = whyNot(study, arms, copies);
  const found =
    reason === null
      ? await compare(run, models, study, arms, copies, call)
      : { search: noSearch(reason), findings: [] };
  await run.note("duplicates", found);
  return found;
}

function whyNot(
  { tasks, dataset, plan }: SearchedStudy,
  arms: readonly StudyArm[],
  copies: readonly Copy[],
): string | null {
  if (arms.length === 0) return "no arm has features";
  if (!arms.some((arm) => tasks.some((task) => canDo(arm, task))))
    return "nothing learns or searches";
  if (copies.length === 0) return "no clip can be heard";
  return new Set(sidesOf(dataset.rows, plan)).size < 2 ? "all clips are on one side" : null;
}

/** That nothing was looked for, and why. */
export function noSearch(reason: string): DuplicateSearch {
  return { reason, arms: [], nearest: 0, planted: 0, plantedFound: 0, candidates: 0, alike: 0 };
}

async function compare(
  run: RunDirectory,
  models: ArmModels,
  study: SearchedStudy,
  arms: readonly StudyArm[],
  copies: readonly Copy[],
  call: CallOptions,
): Promise<DuplicateNote> {
  const { clips, chunks, cropSeconds } = study;
  await plantCopies(run, models, study, study.seed, copies, call);
  const ofCopies = chunkCopies(copies, cropSeconds);
  await hearCopies(run, models, arms, ofCopies, call);
  const ids = clips.map(({ id }) => id);
  const copyIds = copies.map(({ id }) => id);
  const features = await Promise.all(
    arms.map(async ({ id }) => ({
      features: await readRows(run, id, chunks, ids),
      planted: await readRows(run, id, ofCopies, copyIds),
    })),
  );
  const sides = sidesOf(study.dataset.rows, study.plan);
  const { duplicates, ...found } = await models.bridge.executeOperation(
    "near_duplicates",
    {
      audios: clips.map((clip) => resolve(toFile(study, clip).path)),
      sides,
      arms: features,
      copies: copyIds.map((id) => pathOf(run, id)),
      originals: copies.map(({ original }) => ids.indexOf(original.id)),
      ...(cropSeconds === null ? {} : { duration: cropSeconds }),
    },
    { signal: call.signal, onProgress: call.onProgress },
  );
  const findings = duplicates.flatMap(({ a, b, correlation, lag_seconds }): LeakageFinding[] => {
    const [one, other] = [clips[a], clips[b]];
    // The same samples were found before anything was heard.
    if (one === undefined || other === undefined || one.pcm === other.pcm) return [];
    const where = `in ${sides[a]} and ${sides[b]}`;
    const fit = `waveforms correlate by ${correlation.toFixed(3)}, ${Math.abs(lag_seconds).toFixed(3)} s apart`;
    const note = `one recording, ${where}: ${fit}`;
    return [{ kind: "near duplicate", clips: [one.id, other.id], note, resolved: false }];
  });
  const used = arms.flatMap(({ id }, at) => (found.arms[at]?.used ? id : []));
  const { nearest, planted, planted_found: plantedFound, candidates, alike } = found;
  const counts = { nearest, planted, plantedFound, candidates, alike };
  return { search: { reason: null, arms: used, ...counts }, findings };
}

/** Stacked layers stand one behind the other. */
async function readRows(
  run: RunDirectory,
  arm: string,
  chunks: readonly Chunk[],
  ids: readonly string[],
): Promise<Floats> {
  const { data } = await readFeatures(run, arm, chunks, ids);
  return { data, shape: [ids.length, data.length / ids.length] };
}
