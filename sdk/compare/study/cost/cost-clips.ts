import { InvalidArgumentError } from "../../../errors.ts";
import type { RunDirectory } from "../../../records/run/run-directory.ts";
import type { AnswerRow } from "../answer-rows.ts";
import { answersOf, type Hearing, toFile } from "../hear-all.ts";
import type { ClipFile } from "../hear-chunk.ts";
import type { UsedClip } from "../used-clips.ts";
import type { CostDesign } from "./cost-design.ts";
import type { PlannedIncarnation } from "./cost-schedule.ts";

/** The clips that are timed: those that both arms could hear when quality was measured. */
export class CostClips {
  readonly #files: ReadonlyMap<string, ClipFile>;
  readonly #chunks: ReadonlyMap<string, readonly ClipFile[]>;

  private constructor(hearing: Hearing, heard: readonly UsedClip[]) {
    const files = new Map(heard.map((clip) => [clip.id, toFile(hearing, clip)]));
    this.#files = files;
    this.#chunks = new Map(
      hearing.chunks.map(({ id, clips }) => [id, clips.flatMap((clip) => files.get(clip) ?? [])]),
    );
  }

  static async read(run: RunDirectory, { a, b }: CostDesign, hearing: Hearing): Promise<CostClips> {
    const answered = async (arm: string): Promise<Set<string>> => {
      // `hearAll` wrote them.
      const answers = (await run.rows(answersOf(arm))) as unknown as readonly AnswerRow[];
      return new Set(answers.flatMap(({ clip, failure }) => (failure === null ? [clip] : [])));
    };
    const [byA, byB] = [await answered(a), await answered(b)];
    return new CostClips(
      hearing,
      hearing.clips.filter(({ id }) => byA.has(id) && byB.has(id)),
    );
  }

  /** @throws InvalidArgumentError the clip was not heard, nor was any other */
  file(clip: string): ClipFile {
    const found = this.#files.get(clip) ?? this.#files.values().next().value;
    if (found !== undefined) return found;
    throw new InvalidArgumentError("cost", "a clip that both arms can hear", clip);
  }

  chunk(id: string): readonly ClipFile[] {
    return this.#chunks.get(id) ?? [];
  }

  /**
   * The plan with what was heard of it.
   *
   * @throws InvalidArgumentError nothing of a slot was
   */
  heard(planned: PlannedIncarnation): PlannedIncarnation {
    const blocks = planned.blocks.map((block) => {
      const clips = block.clips.filter((id) => this.#files.has(id));
      if (clips.length > 0 && this.chunk(block.chunk).length > 0) return { ...block, clips };
      const given = [...block.clips, `chunk ${block.chunk}`];
      throw new InvalidArgumentError("cost", "clips of which both arms can hear some", given);
    });
    return { ...planned, blocks };
  }
}
