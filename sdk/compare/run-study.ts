import { relative } from "node:path";
import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { factsBundle } from "../display/facts.ts";
import { readEnvironment } from "../records/environment.ts";
import { openRun } from "../records/run/open-run.ts";
import { readRun } from "../records/run/read-run.ts";
import type { RunDirectory } from "../records/run/run-directory.ts";
import { showAs } from "../shown-object.ts";
import type { OnLook } from "./look.ts";
import { planFolds } from "./plan-folds.ts";
import type { StudyResults } from "./results-types.ts";
import { ArmModels } from "./study/arm-models.ts";
import { checkQuestions } from "./study/check-questions.ts";
import { drawOrder, makeChunks, makeSourceChunks } from "./study/chunks.ts";
import { planCost } from "./study/cost/cost-schedule.ts";
import type { CostPlan } from "./study/cost/estimate-cost.ts";
import { measureCost } from "./study/cost/measure-cost.ts";
import { cropSeconds } from "./study/crop.ts";
import { toDesign } from "./study/design.ts";
import { lookForDuplicates } from "./study/duplicate-search.ts";
import type { OnEstimate } from "./study/estimate.ts";
import { runFoldSpread } from "./study/fold-spread.ts";
import { countHeard, type Hearing } from "./study/hear-all.ts";
import { hearStudy } from "./study/hear-study.ts";
import { findHeard } from "./study/heard-in-training.ts";
import { lookForLeaks } from "./study/leaks.ts";
import { leaveOut } from "./study/left-out.ts";
import { LiveView } from "./study/live-view.ts";
import { type JudgedTime, makeResults } from "./study/make-results.ts";
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
   * Measure again, even where the same study was begun or sealed under the same conditions; what `cache` finds
   * is taken.
   * @default false
   */
  readonly fresh?: boolean | undefined;
  /**
   * A process of the caller's, which holds no other form of the study's models; it stays open.
   * @default one that is started, and ended afterwards
   */
  readonly bridge?: GAMABridge | undefined;
  /**
   * Told once, after the first chunk, where more is left to hear; the study waits for what it gives, and goes
   * on unless that rejects or `signal` is aborted meanwhile.
   */
  readonly onEstimate?: OnEstimate | undefined;
  /**
   * Takes features, scores and words that were computed before, of the same chunk of clips, from the disk:
   * equal to the bit, and the journal names each. What cost is measured of is always computed.
   * @default true
   */
  readonly cache?: boolean | undefined;
  /**
   * Looks on while arms answer: the declared comparisons of tasks without training, when sources have been
   * finished. Folds of probes are fitted in one call, and cannot be looked at before.
   */
  readonly onLook?: OnLook | undefined;
}

/** A study that is finished. */
export interface StudyRun {
  readonly folder: string;
  /** sha256 of the design. */
  readonly studyId: string;
  /** `sealed`: nothing was measured now, the same study had been finished before. */
  readonly state: RunDirectory["state"];
  readonly results: StudyResults;
  /** Chunks of clips that arms heard, and how many of them came from the disk. */
  readonly heard: { readonly chunks: number; readonly fromCache: number };
}

/**
 * Runs a study: every arm hears the same clips in the same chunks, tasks read what was heard, two arms are
 * timed in fresh processes where cost is asked for, and the verdicts are sealed with all rows they come from.
 * Baselines are added always. A run that was killed goes on behind the last chunk that the disk has, with the
 * same rows to the bit; a pair of processes that were being timed is measured again as a whole.
 *
 * @throws InvalidArgumentError the study contradicts itself or its data set, or files are missing or changed
 * @throws StudyRefusedError folds of one's own where the authors give theirs, or features that depend on the
 *   clips beside them
 * @throws LeakageError one source, sound or recording stands on both sides of a fold that is drawn here:
 *   `mergeSources` gives the data set in which it does not
 * @throws CapabilityError a model has not learnt what an arm asks of it
 * @throws ProcessExitError processes whose cost is measured died again and again
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
  const { out = "runs", fresh, signal, onProgress, bridge, cache = true } = options;
  const { onEstimate, onLook } = options;
  const call = { signal, onProgress };
  const design = toDesign(study);
  const { seed, folds } = design;
  const heardInTraining = findHeard(study.data, study.arms);
  const { data, excluded } = leaveOut(study, heardInTraining);
  const isFree = data.protocol.kind === "free";
  const plan = planFolds(data, {
    folds: folds ?? undefined,
    ...(isFree ? { seed: streamSeed(seed, "folds") } : {}),
  });
  await using models = await ArmModels.open(design, bridge, call);
  const { absent } = models;
  const arms = withoutAbsent(design.arms, { absent });
  const infos = arms.map((arm) => models.of(arm).info);
  const crop = cropSeconds(design.crop, infos);
  const { bridge: statistics } = models;
  const clips = await useClips(data, {
    ...call,
    bridge: statistics,
    seconds: crop ?? undefined,
  });
  await checkQuestions(arms, design.tasks, models, call);
  const leakage = lookForLeaks(data, plan, design.tasks, clips);
  const chunks = makeChunks(clips, crop);
  const order = drawOrder(clips, streamSeed(seed, "order"));
  const cost: CostPlan | null = design.cost && {
    design: design.cost,
    schedule: planCost(design.cost, clips, chunks, seed),
  };
  const schedule: Schedule = {
    chunks,
    order,
    bySource: makeSourceChunks(clips, order),
    cropSeconds: crop,
    folds: toFoldSettings(plan, order.length),
    absent,
    cost: cost === null ? null : cost.schedule,
  };
  const machine = await readEnvironment(statistics);
  const view = onLook && new LiveView({ design, clips, order, bridge: statistics, onLook });
  const checked = { leakage, excluded, heardInTraining };
  const opening = toOpening(design, data, clips, checked, models, schedule, machine);
  const run = await openRun(out, opening, { fresh });
  try {
    if (run.state !== "sealed") {
      const { tasks, primary, foldSpread } = design;
      const hearing: Hearing = { folder: data.folder, clips, ...schedule, arms, tasks, cache };
      const watching = { order, view, onEstimate, cost, ...call };
      const judged = await hearStudy(run, models, hearing, watching);
      await lookForDuplicates(run, models, { ...hearing, dataset: data, plan, seed }, call);
      const work = { tasks, arms, clips: judged, chunks, plan, seed, bridge: statistics };
      await runTasks(run, work, call);
      await runFoldSpread(run, work, primary, foldSpread, call);
      if (cost !== null) {
        await models.rest();
        await measureCost(run, { ...cost, seed, hearing }, call);
      }
      const times: JudgedTime[] = [];
      const results = await makeResults(run.folder, statistics, {
        ...call,
        onJudged: (found) => times.push(...found),
      });
      await run.note("judged", { comparisons: times });
      await run.seal(results, { loadAverage: (await readEnvironment()).loadAverage });
    }
    const { results, journal } = await readRun(run.folder);
    const { folder, studyId, state } = run;
    const heard = {
      chunks: countHeard(run.chunks),
      fromCache: journal.filter(({ kind }) => kind === "cached").length,
    };
    // `seal` wrote what `makeResults` gave, and the seal says that it is the same still.
    const found = { folder, studyId, state, results: results as unknown as StudyResults, heard };
    return showAs(found, showRun);
  } finally {
    await run.close();
  }
}

/** The verdicts that were declared, in words. */
function showRun({ folder, state, results, heard }: StudyRun): ReturnType<typeof factsBundle> {
  const declared = results.verdicts.filter(({ family }) => family === "primary");
  const told = Object.fromEntries(
    declared.map(({ a, b, task, sentence }) => [`${a} against ${b}, ${task}`, sentence]),
  );
  const unfair = results.fairness.filter(({ ok }) => ok === false).map(({ what }) => what);
  return factsBundle(results.question, {
    ...told,
    "not the same for all arms": unfair.length === 0 ? "nothing" : unfair,
    heard: `${heard.chunks} chunks of clips, ${heard.fromCache} of them from the disk`,
    record: `${near(folder)}${state === "sealed" ? " (sealed before)" : ""}`,
  });
}

/** As one would type it here: a notebook that is kept does not tell whose machine it ran on. */
function near(folder: string): string {
  const path = relative(process.cwd(), folder);
  return path.startsWith("..") ? folder : path;
}
