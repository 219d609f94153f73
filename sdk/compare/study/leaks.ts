/** What stands on both sides of a split although it is the same: by names and digests, not by ear. */
import type { LeakageFinding } from "../results-types.ts";
import type { StoredStudy } from "./stored-study.ts";
import type { UsedClip } from "./used-clips.ts";

/** A clip is named at most this often. */
const NAMED = 20;

/** Of official folds it is marked, for they are the authors'; drawn ones keep sources together. */
export function findLeaks({ clips, schedule, design, arms }: StoredStudy): LeakageFinding[] {
  const found: LeakageFinding[] = [];
  const isOfficial = schedule.folds.by === "official";
  const sideOf = (clip: UsedClip): string =>
    isOfficial ? `${clip.fold ?? clip.split}` : clip.clusterId;
  const look = (
    kind: LeakageFinding["kind"],
    what: string,
    keyOf: (clip: UsedClip) => string | null,
  ): void => {
    for (const [key, members] of Map.groupBy(clips, keyOf)) {
      if (key === null || new Set(members.map(sideOf)).size < 2) continue;
      const sides = isOfficial ? "in several folds or splits" : "in several sources";
      const note = `${what} ${key} stands ${sides}: ${members.length} clips`;
      const named = members.slice(0, NAMED).map(({ id }) => id);
      found.push({ kind, clips: named, note, resolved: false });
    }
  };
  look("exact duplicate", "the file", ({ sha256 }) => sha256);
  look("same source", "the recording", ({ freesoundId }) => freesoundId);
  if (isOfficial) {
    look("same source", "the source", ({ clusterId }) => clusterId);
    look("same source", "the speaker", ({ speaker }) => speaker);
  }
  for (const { id } of design.arms) {
    const exposure = arms[id]?.exposure;
    if (exposure === undefined || !SEEN.includes(exposure.kind)) continue;
    const note = `${id} was trained on ${exposure.kind} (${exposure.source})`;
    found.push({ kind: "exposure", clips: [], note, resolved: false });
  }
  return found;
}

const SEEN: readonly string[] = ["labels of these classes", "same corpus"];
