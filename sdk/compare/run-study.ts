import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { factsBundle } from "../display/facts.ts";
import { readEnvironment } from "../records/environment.ts";
import { openRun } from "../records/run/open-run.ts";
import { readRun } from "../records/run/read-run.ts";
import type { RunDirectory } from "../records/run/run-directory.ts";
import { showAs } from "../shown-object.ts";
import { planFolds } from "./plan-folds.ts";
import type { StudyResults } from "./results-types.ts";
import { ArmModels } from "./study/arm-models.ts";
import { checkNeighbours } from "./study/check-neighbours.ts";
import { makeChunks } from "./study/chunks.ts";
import { cropSeconds } from "./study/crop.ts";
import { toDesign } from "./study/design.ts";
import { lookForDuplicates } from "./study/duplicate-search.ts";
import { runFoldSpread } from "./study/fold-spread.ts";
import { type Hearing, hearAll } from "./study/hear-all.ts";
import { findHeard, leaveOutHeard } from "./study/heard-in-training.ts";
import { lookForLeaks } from "./study/leaks.ts";
import { makeResults } from "./study/make-results.ts";
import { runTasks } from "./study/run-tasks.ts";
import { streamSeed } from "./study/stream-seed.ts";
import { type Schedule, toFoldSettings, toOpening, withoutAbsent } from "./study/study-opening.ts";
import { useClips } from "./study/used-clips.ts";
import type { Study } from "./study-types.ts";

/** How a study is run. */
export interface RunStudyOptions extends Pick<CallOptions, "signal" | "onProgress"> {
  /**
   * Folder in which the run gets one of its own.
   * @default "runs"
   */
  readonly out?: string | undefined;
  /**
   * Measure again, even where the same study was begun or sealed under the same conditions.
   * @default false
   */
  readonly fresh?: boolean | undefined;
  /**
   * A process of the caller's, which holds no other form of the study's models; it stays open.
   * @default one that is started, and ended afterwards
   */
  readonly bridge?: GAMABridge | undefined;
}

/** A study that is finished. */
export interface StudyRun {
  readonly folder: string;
  /** sha256 of the design. */
  readonly studyId: string;
  /** `sealed`: nothing was measured now, the same study had been finished before. */
  readonly state: RunDirectory["state"];
  readonly results: StudyResults;
}

/**
 * Runs a study: every arm hears the same clips in the same chunks, tasks read what was heard, and the verdicts
 * are sealed with all rows they come from. Baselines are added always. A run that was killed goes on behind
 * the last chunk that the disk has, with the same rows to the bit.
 *
 * @throws InvalidArgumentError the study contradicts itself or its data set, files are missing or changed, or
 *   features depend on the clips beside them
 * @throws LeakageError one source, sound or recording stands on both sides of a fold that is drawn here:
 *   `mergeSources` gives the data set in which it does not
 * @throws CapabilityError a model has not learnt what an arm asks of it
 * @throws RunError `run_changed`: it was begun under other conditions; `run_locked`; `run_damaged`
 * @example
 * const { results } = await runStudy({
 *   name: "gama-wav2vec2",
 *   question: "Are GAMA's features better than wav2vec2's on these sounds?",
 *   data: await openDataset(),
 *   arms: [
 *     { id: "gama", model: "gama-tiny", reads: { by: "features" } },
 *     { id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } },
 *   ],
 *   tasks: [{ kind: "linear" }],
 *   primary: [{ a: "gama", b: "wav2vec2", task: "linear", metric: "accuracy", claim: "superior" }],
 * });
 */
export async function runStudy(study: Study, options: RunStudyOptions = {}): Promise<StudyRun> {
  const { out = "runs", fresh, signal, onProgress, bridge } = options;
  const call = { signal, onProgress };
  const design = toDesign(study);
  const { seed, folds } = design;
  const heardInTraining = findHeard(study.data, study.arms);
  const { dataset, excluded } = leaveOutHeard(study, heardInTraining);
  const isFree = dataset.protocol.kind === "free";
  const plan = planFolds(dataset, {
    folds: folds ?? undefined,
    ...(isFree ? { seed: streamSeed(seed, "folds") } : {}),
  });
  await using models = await ArmModels.open(design, bridge, call);
  const { absent } = models;
  const arms = withoutAbsent(design.arms, { absent });
  const infos = arms.map((arm) => models.of(arm).info);
  const crop = cropSeconds(design.crop, infos);
  const { bridge: statistics } = models;
  const clips = await useClips(dataset, {
    ...call,
    bridge: statistics,
    seconds: crop ?? undefined,
  });
  const leakage = lookForLeaks(dataset, plan, design.tasks, clips);
  const chunks = makeChunks(clips, crop);
  const sources = new Set(clips.map(({ clusterId }) => clusterId)).size;
  const settings = toFoldSettings(plan, sources);
  const schedule: Schedule = { chunks, cropSeconds: crop, folds: settings, absent };
  const machine = await readEnvironment(statistics);
  const leaks = { leakage, excluded, heardInTraining };
  const opening = toOpening(design, dataset, clips, leaks, models, schedule, machine);
  const run = await openRun(out, opening, { fresh });
  try {
    if (run.state !== "sealed") {
      const { folder } = dataset;
      const { tasks, primary, foldSpread } = design;
      const hearing: Hearing = { folder, clips, chunks, arms, cropSeconds: crop };
      // The first chunk tells what cannot work, before hours are spent on the others.
      await hearAll(run, models, { ...hearing, chunks: chunks.slice(0, 1) }, call);
      await checkNeighbours(run, models, hearing, call);
      await hearAll(run, models, hearing, call);
      const searched = { ...hearing, dataset, plan, tasks, seed };
      await lookForDuplicates(run, models, searched, call);
      const work = { tasks, arms, clips, chunks, plan, seed, bridge: statistics };
      await runTasks(run, work, call);
      await runFoldSpread(run, work, primary, foldSpread, call);
      const results = await makeResults(run.folder, statistics, call);
      await run.seal(results, { loadAverage: (await readEnvironment()).loadAverage });
    }
    const { results } = await readRun(run.folder);
    const { folder, studyId, state } = run;
    // `seal` wrote what `makeResults` gave, and the seal says that it is the same still.
    const found = { folder, studyId, state, results: results as unknown as StudyResults };
    return showAs(found, showRun);
  } finally {
    await run.close();
  }
}

/** The verdicts that were declared, in words. */
function showRun({ folder, state, results }: StudyRun): ReturnType<typeof factsBundle> {
  const declared = results.verdicts.filter(({ family }) => family === "primary");
  const told = Object.fromEntries(
    declared.map(({ a, b, task, sentence }) => [`${a} against ${b}, ${task}`, sentence]),
  );
  const unfair = results.fairness.filter(({ ok }) => ok === false).map(({ what }) => what);
  return factsBundle(results.question, {
    ...told,
    "not the same for all arms": unfair.length === 0 ? "nothing" : unfair,
    record: state === "sealed" ? `${folder} (sealed before)` : folder,
  });
}
