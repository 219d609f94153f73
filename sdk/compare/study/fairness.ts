/** What the arms must have in common for their scores to compare, checked on what was recorded. */
import { firstOf } from "../report/words.ts";
import type { FairnessRow } from "../results-types.ts";
import type { Exposure } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import { canDo } from "./can-do.ts";
import { GRADE } from "./grade-answer.ts";
import type { StoredStudy } from "./stored-study.ts";

/** A difference in seconds that no model hears: a frame of 25 ms, rounded. */
const SECONDS_APART = 0.03;

/** In the order of reading: what was heard, by what, with which failures. */
export function checkFairness(study: StoredStudy): FairnessRow[] {
  const { arms, schedule, design } = study;
  const ids = design.arms.map(({ id }) => id);
  const row = (
    what: string,
    ok: boolean | null,
    tell: (id: string) => string,
    note: string | null = null,
  ): FairnessRow => {
    return { what, ok, byArm: Object.fromEntries(ids.map((id) => [id, tell(id)])), note };
  };
  const answers = new Map(ids.map((id) => [id, study.answers(id)]));
  const heard = (id: string): readonly AnswerRow[] =>
    (answers.get(id) ?? []).filter(({ failure }) => failure === null);
  const arm = (id: string): StoredStudy["arms"][string] | undefined => arms[id];
  const failed = (id: string): string[] => [
    ...new Set((answers.get(id) ?? []).flatMap((each) => (each.failure === null ? [] : each.clip))),
  ];
  const status = (id: string, of: "unmapped" | "other"): number =>
    design.tasks.reduce(
      (sum, { kind }) =>
        sum + study.outcomes(kind, id).filter((outcome) => outcome.status === of).length,
      0,
    );
  const given = spread(ids.map(heard), ({ secondsGiven }) => secondsGiven);
  const listened = spread(ids.map(heard), ({ secondsHeard }) => secondsHeard);
  const crop = schedule.cropSeconds;
  const served = (id: string): string[] => [...new Set(heard(id).map((each) => each.servedBy))];
  return [
    row(
      "same decoded samples",
      given <= SECONDS_APART,
      (id) => `${sum(heard(id), ({ secondsGiven }) => secondsGiven).toFixed(2)} s given`,
      "one decoder for all arms; the digest of each clip's samples is in the manifest",
    ),
    row(
      "same seconds heard",
      listened <= SECONDS_APART,
      (id) => `${sum(heard(id), ({ secondsHeard }) => secondsHeard).toFixed(2)} s`,
      `at most ${listened.toFixed(3)} s apart; ${crop === null ? "whole clips" : `cropped to the first ${crop} s`}`,
    ),
    row("sample rate", null, (id) => `${arm(id)?.sampleRate} Hz`, "resampled by soxr HQ"),
    row("precision", isSame(ids.map((id) => arm(id)?.dtype)), (id) => arm(id)?.dtype ?? ""),
    row("trainable parameters", null, (id) => parametersOf(study, id), "of the probe alone"),
    row(
      "asked",
      null,
      (id) => askedOf(study, id),
      "fixed before the first clip, without its label",
    ),
    row(
      "failed clips",
      // A file that no arm can decode favours none.
      isSame(ids.map((id) => failed(id).sort().join("\n"))),
      (id) => `${failed(id).length}`,
      ["wrong", firstOf([...new Set(ids.flatMap(failed))].sort())]
        .filter((text) => text !== "")
        .join(": "),
    ),
    row("unmapped answers", null, (id) => `${status(id, "unmapped")}`, "count as wrong"),
    row("answers outside the labels", null, (id) => `${status(id, "other")}`, "count as wrong"),
    row(
      "processes started again",
      null,
      (id) => `${study.restarts(id)}`,
      "their calls were repeated",
    ),
    row(
      "served by one model",
      ids.every((id) => served(id).length <= 1),
      (id) => served(id).join(", "),
    ),
    row(
      "independent of neighbours",
      ids.every((id) => study.neighbours(id) !== undefined || arm(id)?.reads.by !== "features"),
      (id) => neighboursOf(study, id),
      "largest difference of a feature, alone and in its chunk, as a share of the largest feature",
    ),
    row(
      "exposure to the labels",
      sameExposure(asked(study).map((id) => arm(id)?.exposure.kind)),
      (id) => `${arm(id)?.exposure.kind} (${arm(id)?.exposure.source})`,
    ),
    ...heardRows(study, row),
    row(
      "untrained twin",
      null,
      (id) => twinOf(study, id),
      "the same model read alike, of random weights",
    ),
  ];
}

/** Only where an arm has a list of what it was trained on. */
function heardRows(
  { data }: StoredStudy,
  row: (what: string, ok: null, tell: (id: string) => string, note: string) => FairnessRow,
): FairnessRow[] {
  if (data.heardInTraining.length === 0) return [];
  const tell = (id: string): string => {
    const found = data.heardInTraining.find(({ arm }) => arm === id);
    if (found === undefined) return "no list";
    return `${found.clips.length} of ${found.known} clips with a Freesound id`;
  };
  return [row("heard in training", null, tell, "clips without a Freesound id cannot be looked up")];
}

function twinOf({ design, schedule }: StoredStudy, id: string): string {
  const arm = design.arms.find((each) => each.id === id);
  if (arm?.baseline !== null) return "–";
  const twin = design.arms.find((each) => each.twinOf === id);
  if (twin !== undefined) return twin.id;
  const absent = schedule.absent.find((each) => each.arm === `${id}-random`);
  return absent === undefined ? "stands among the arms" : `none: ${absent.reason}`;
}

function isSame(values: readonly unknown[]): boolean {
  return new Set(values).size === 1;
}

/** Null where nobody says what an arm was trained on. */
function sameExposure(kinds: readonly (Exposure["kind"] | undefined)[]): boolean | null {
  return kinds.includes("unknown") ? null : isSame(kinds);
}

/** Arms that were asked about: a baseline has seen nothing, by design. */
function asked({ design }: StoredStudy): string[] {
  return design.arms.flatMap(({ id, baseline }) => (baseline === null ? id : []));
}

/** Largest difference between arms on one clip. */
function spread(
  arms: readonly (readonly AnswerRow[])[],
  value: (row: AnswerRow) => number,
): number {
  const byClip = Map.groupBy(arms.flat(), ({ clip }) => clip);
  return [...byClip.values()].reduce((most, rows) => {
    const values = rows.map(value);
    return Math.max(most, Math.max(...values) - Math.min(...values));
  }, 0);
}

function sum(rows: readonly AnswerRow[], value: (row: AnswerRow) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

function parametersOf(study: StoredStudy, id: string): string {
  const { arms, tasks } = study.design;
  const arm = arms.find((each) => each.id === id);
  const told = tasks.flatMap((task) => {
    const parameters = arm && canDo(arm, task) ? study.note(task.kind, id)?.parameters : null;
    return typeof parameters === "number" ? `${task.kind} ${parameters}` : [];
  });
  return told.length === 0 ? "none" : told.join(", ");
}

function askedOf({ arms }: StoredStudy, id: string): string {
  const recorded = arms[id];
  return recorded === undefined ? "" : describeReading(recorded);
}

/** In words: `features: layer 6, mean`. */
export function describeReading({
  reads,
  defaultLayer,
}: Pick<StoredStudy["arms"][string], "reads" | "defaultLayer">): string {
  if (reads.by === "features") {
    const unit = reads.l2 === true ? ", length 1" : "";
    return `features: layer ${reads.layer ?? defaultLayer}, ${reads.pooling ?? "mean"}${unit}`;
  }
  if (reads.by === "answers") return `answers: the questions of the task, ${GRADE}`;
  const prompt = reads.prompt === undefined ? "its own prompt" : `"${reads.prompt}"`;
  if (reads.by === "text") {
    const most = reads.maxNewTokens === undefined ? "" : `, at most ${reads.maxNewTokens} tokens`;
    return `text: ${prompt}, ${reads.mapper.name}${most}`;
  }
  const count = Object.keys(reads.candidates).length;
  return `score: ${reads.rule} over ${count} candidates, ${prompt}`;
}

function neighboursOf(study: StoredStudy, id: string): string {
  const note = study.neighbours(id);
  if (note === undefined) return "not checked";
  return `${note.difference.toExponential(1)} (${note.clips} clips)`;
}
