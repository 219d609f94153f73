/** What stands on both sides of a split although it belongs together, and which arms have seen the labels. */
import type { Dataset } from "../dataset-types.ts";
import { checkLeakage } from "../leakage.ts";
import type { FoldPlan } from "../plan-folds.ts";
import type { LeakageFinding } from "../results-types.ts";
import type { Task } from "../study-types.ts";
import type { StoredStudy } from "./stored-study.ts";
import { labelOf } from "./task-clips.ts";
import type { UsedClip } from "./used-clips.ts";

/** Tasks in which nothing learns or searches. */
const ANSWERED: readonly Task["kind"][] = ["zero-shot", "questions"];

/**
 * Looks before the first clip is heard, where something learns or searches.
 *
 * @returns what the authors' own folds or splits have
 * @throws LeakageError something was found in folds that are drawn here
 */
export function lookForLeaks(
  { name, rows, protocol }: Dataset,
  plan: FoldPlan,
  tasks: readonly Task[],
  clips: readonly UsedClip[],
): LeakageFinding[] {
  const digests = new Map(clips.map(({ id, sha256 }) => [id, sha256]));
  const hashed = rows.map((row) => ({ ...row, sha256: digests.get(row.id) ?? "" }));
  const pcm = new Map(clips.map((clip) => [clip.id, clip.pcm]));
  const labels = new Set(tasks.filter(({ kind }) => !ANSWERED.includes(kind)).map(labelOf));
  const found = [...labels].flatMap((label) =>
    checkLeakage({ name, rows: hashed, protocol }, plan, { pcm, label }),
  );
  return [...new Map(found.map((finding) => [finding.note, finding])).values()];
}

/** What was found before, and the arms that know more of the clips than others. */
export function listLeaks({ data, design, arms, duplicates }: StoredStudy): LeakageFinding[] {
  const seen = design.arms.flatMap(({ id }): LeakageFinding[] => {
    const exposure = arms[id]?.exposure;
    if (exposure === undefined || !SEEN.includes(exposure.kind)) return [];
    const note = `${id} was trained on ${exposure.kind} (${exposure.source})`;
    return [{ kind: "exposure", clips: [], note, resolved: false }];
  });
  const heard = data.heardInTraining.flatMap(({ arm, clips }): LeakageFinding[] => {
    if (clips.length === 0) return [];
    const resolved = design.heardInTraining === "exclude";
    const fate = resolved ? "left out" : "kept";
    const count = `${clips.length} ${clips.length === 1 ? "clip" : "clips"}`;
    const note = `${arm} was trained on the recordings of ${count} (by Freesound id), ${fate}`;
    return [{ kind: "heard in training", clips, note, resolved }];
  });
  return [...data.leakage, ...(duplicates?.findings ?? []), ...heard, ...seen];
}

const SEEN: readonly string[] = ["labels of these classes", "same corpus"];
