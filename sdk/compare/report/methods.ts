import type { Html } from "../../display/html.ts";
import { table } from "../../display/table.ts";
import { RESULTS_SCHEMA, type StudyResults, type TaskResult } from "../results-types.ts";
import { countLeftOut, leftOutReasons } from "./left-out.ts";
import { bullets, heading, paragraph, scrolling, stack } from "./pieces.ts";
import { referencesOf } from "./references.ts";
import { jsonAt, type ReportSource } from "./report-source.ts";
import { asSentence, count, listed } from "./words.ts";

/** How it was done, to be copied into a paper: data, arms, tests, versions, and the digests that name it all. */
export function methods(source: ReportSource): Html {
  const { results } = source;
  return stack([
    paragraph(dataWords(results)),
    paragraph(taskWords(results)),
    paragraph(testWords(results)),
    heading("Arms"),
    scrolling(table(armRows(results), { limit: 200 })),
    heading("Chosen inside the training folds"),
    bullets(chosenWords(results)),
    heading("Identity of the run"),
    scrolling(table(identityRows(source))),
    heading("References"),
    bullets(referencesOf(results).map(asSentence)),
  ]);
}

function dataWords(results: StudyResults): string {
  const { name, clips, sources, clusterBy, rule, licence, excluded } = results.data;
  const by = clusterBy === null ? "nobody says which clips share one" : `one source: ${clusterBy}`;
  const left =
    excluded.length === 0
      ? "No clip was left out."
      : `Left out: ${countLeftOut(results)} (${leftOutReasons(results).join("; ")}).`;
  return `Data: ${name}, ${count(clips, "clip")} from ${count(sources, "source")} (${by}); licence ${licence}. Its authors' rule: ${asSentence(rule)} ${left}`;
}

function taskWords(results: StudyResults): string {
  const { tasks, seed } = results;
  const words = tasks.map(({ task, metric, folds }) => `${task} (${metric}${foldWords(folds)})`);
  return `Tasks: ${listed(words)}. Failed and unmapped answers count as wrong. Every stream of random numbers takes its seed from ${seed} and its own name.${foldMeanWords(results)}`;
}

function foldWords(folds: TaskResult["folds"]): string {
  if (folds === null) return "";
  const seed = folds.seed === null ? "" : `, seed ${folds.seed}`;
  return `; ${count(folds.count, "fold")}, ${folds.by}${seed}${splitWords(folds)}`;
}

/** Papers on data sets with folds of their own report the mean over folds. */
function foldMeanWords({ tasks }: StudyResults): string {
  const words = tasks.flatMap((task) => {
    const means = task.arms.flatMap(({ arm, foldMean }) =>
      foldMean === null ? [] : `${arm} ${(100 * foldMean).toFixed(1)}`,
    );
    return means.length === 0 ? [] : `${task.task}: ${listed(means)}`;
  });
  if (words.length === 0) return "";
  return ` Scores count each clip once; the means over the authors' folds, as papers give them, are: ${words.join("; ")}.`;
}

/** Papers differ in what they do with the validation split. */
function splitWords({ splits }: NonNullable<TaskResult["folds"]>): string {
  if (splits === null) return "";
  const { train, valid, test } = splits;
  const more = valid === 0 ? "" : ` and ${valid} of validation`;
  return `: ${count(train, "clip")} of training${more} train, ${test} test`;
}

function testWords({ verdicts, level, alpha, stopping }: StudyResults): string {
  const tests = [...new Set(verdicts.flatMap(({ test }) => (test === null ? [] : [test])))];
  const intervals = [...new Set(verdicts.flatMap(({ interval }) => interval?.method ?? []))];
  const families = [
    ...new Set(verdicts.map((it) => `${it.adjustedBy} over the ${it.family} ones`)),
  ];
  return [
    tests.length === 0 ? "No difference was tested." : `Tests: ${tests.join("; ")}.`,
    intervals.length === 0
      ? "There are no intervals."
      : `Intervals at ${100 * level} %: ${intervals.join("; ")}; conditional on the folds.`,
    ...(stopping.rule === "anytime"
      ? [
          `The run might be stopped after each source, in an order drawn before it, and ended after ${stopping.sources} of ${stopping.of}.`,
        ]
      : []),
    `α = ${alpha}${families.length === 0 ? "" : `, adjusted by ${listed(families)}`}.`,
  ].join(" ");
}

function armRows({ arms }: StudyResults): Record<string, unknown>[] {
  return arms.map((arm) => ({
    arm: arm.id,
    model: arm.model,
    "how it is read": arm.reads,
    precision: arm.dtype,
    baseline: arm.baseline ?? "",
    exposure: `${arm.exposure.kind} (${arm.exposure.source})`,
    licence: arm.licence ?? `not known: ${arm.card}`,
  }));
}

function chosenWords({ tasks }: StudyResults): string[] {
  return tasks.flatMap(({ task, arms }) =>
    arms.map(({ arm, chosen, trainableParameters, counts }) => {
      const fitted =
        trainableParameters === null
          ? "nothing trained"
          : count(trainableParameters, "fitted parameter");
      const lost = (["failed", "unmapped", "other"] as const)
        .filter((status) => counts[status] > 0)
        .map((status) => `${counts[status]} ${status}`);
      const settings = [...new Set(chosen)].join(", ");
      return [`${task}, ${arm}: ${fitted}`, ...(settings === "" ? [] : [settings]), ...lost].join(
        "; ",
      );
    }),
  );
}

function identityRows({ results, run }: ReportSource): { what: string; is: string }[] {
  const written = (...path: string[]): string => {
    const value = jsonAt(run?.machine, ...path);
    return value === undefined || value === null ? "not known" : String(value);
  };
  const versions = jsonAt(run?.machine, "versions");
  const known = typeof versions === "object" && versions !== null ? Object.entries(versions) : [];
  const rows: Record<string, string> = {
    "clips (Merkle root)": results.data.root,
    seed: String(results.seed),
    "form of the results": RESULTS_SCHEMA,
    ...(run === null
      ? { run: "not given: only the results were" }
      : {
          study: run.studyId,
          "run (root of all files)": run.seal?.root ?? "not sealed",
          "quality key": run.seal?.qualityKey ?? "not sealed",
          "cost key": run.seal?.costKey ?? "not sealed",
          commit: `${written("commit")}${jsonAt(run.machine, "isDirty") === true ? ", with changes" : ""}`,
          "code (sha256)": written("code"),
          machine: `${written("cpu")}, ${written("cores")} cores, ${written("platform")}`,
          measured: written("date"),
          versions: known.map(([name, version]) => `${name} ${String(version)}`).join(", "),
        }),
  };
  return Object.entries(rows).map(([what, is]) => ({ what, is }));
}
