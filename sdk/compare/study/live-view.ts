/** What is known of the declared comparisons while arms still hear, one step a source. */
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { anytime } from "../anytime.ts";
import type { Look, OnLook } from "../look.ts";
import type { PrimaryClaim, Task } from "../study-types.ts";
import type { AnswerRow } from "./answer-rows.ts";
import { clipValue, isRightOrWrong } from "./clip-value.ts";
import type { Design } from "./design.ts";
import type { Onlooker } from "./hear-all.ts";
import { clipsOf, isAbout, type TaskClip } from "./task-clips.ts";
import { findByWords } from "./task-outcomes.ts";
import type { UsedClip } from "./used-clips.ts";

/** Levels and alphas that differ by less are written alike. */
const ROUNDING = 1e-9;

/** Each follows the run from its beginning: looking more often would take more than a hundredth of its time. */
const MOST_LOOKS = 25;

/** What a live view is made of. */
export interface LiveViewParts {
  readonly design: Design;
  readonly clips: readonly UsedClip[];
  /** Sources, in the order of the run. */
  readonly order: readonly string[];
  readonly bridge: GAMABridge;
  readonly onLook: OnLook;
}

/** One declared comparison, and how far its sources are. */
interface Watched {
  readonly claim: PrimaryClaim & { readonly task: Look["task"] };
  readonly task: Task;
  /** Clips by source, in the order of the run. */
  readonly sources: readonly (readonly TaskClip[])[];
  readonly sums: number[];
  readonly sizes: number[];
}

/** Follows the rows as they come. */
export class LiveView implements Onlooker {
  readonly #design: Design;
  readonly #bridge: GAMABridge;
  readonly #onLook: OnLook;
  readonly #watched: readonly Watched[];
  readonly #rows = new Map<string, Map<string, AnswerRow>>();
  #seen = 0;
  #looks = 0;
  #seconds = 0;

  /** @throws InvalidArgumentError nothing was declared that can be looked at */
  constructor({ design, clips, order, bridge, onLook }: LiveViewParts) {
    this.#design = design;
    this.#bridge = bridge;
    this.#onLook = onLook;
    this.#watched = design.primary.flatMap((claim) => watch(claim, design.tasks, clips, order));
    if (this.#watched.length === 0) {
      const expected =
        "for a study that declares a comparison in means of clips of a task without training (zero-shot, " +
        "questions): probes fit all folds in one call";
      throw new InvalidArgumentError("onLook", expected, design.primary);
    }
  }

  /** How often was looked, and the seconds that it took, those of `onLook` left out. */
  get spent(): { readonly looks: number; readonly seconds: number } {
    return { looks: this.#looks, seconds: this.#seconds };
  }

  heard(arm: string, rows: readonly AnswerRow[]): void {
    const known = this.#rows.get(arm) ?? new Map<string, AnswerRow>();
    for (const row of rows) known.set(row.clip, row);
    this.#rows.set(arm, known);
  }

  async look(): Promise<"stop" | undefined> {
    const began = performance.now();
    for (const each of this.#watched) this.#follow(each);
    const seen = this.#watched.reduce((sum, { sums }) => sum + sums.length, 0);
    const all = this.#watched.reduce((sum, { sources }) => sum + sources.length, 0);
    const isDue = seen >= this.#seen + all / MOST_LOOKS || (seen === all && this.#seen < all);
    if (!isDue || this.#watched.some(({ sums }) => sums.length === 0)) return undefined;
    this.#seen = seen;
    const looks: Look[] = [];
    for (const each of this.#watched) looks.push(await this.#lookAt(each));
    this.#looks += 1;
    this.#seconds += (performance.now() - began) / 1000;
    const answer = await this.#onLook(looks);
    if (answer !== "stop") return undefined;
    if (this.#design.stopping === "anytime") return "stop";
    const expected = 'no "stop", since the study was not declared `stopping: "anytime"`';
    throw new InvalidArgumentError("answer of onLook", expected, answer);
  }

  /** Takes in the sources that both arms have finished, in their order. */
  #follow({ claim, sources, sums, sizes }: Watched): void {
    for (const clips of sources.slice(sums.length)) {
      const differences = clips.map(
        (clip) =>
          this.#value(claim.a, claim.metric, clip) - this.#value(claim.b, claim.metric, clip),
      );
      if (differences.some(Number.isNaN)) return;
      sums.push(differences.reduce((sum, each) => sum + each, 0));
      sizes.push(clips.length);
    }
  }

  /** NaN while it is not known. */
  #value(arm: string, metric: string, clip: TaskClip): number {
    const row = this.#rows.get(arm)?.get(clip.id);
    const reads = this.#design.arms.find(({ id }) => id === arm)?.reads;
    if (row === undefined || reads === undefined || reads.by === "features") return Number.NaN;
    if (row.failure !== null) return 0;
    const [said] = findByWords(reads, [clip], new Map([[clip.id, row]])).said;
    return said ? clipValue(metric, said) : 0;
  }

  async #lookAt({ claim, task, sources, sums, sizes }: Watched): Promise<Look> {
    const { alpha, level, stopping } = this.#design;
    const { a, b, metric } = claim;
    const clips = sizes.reduce((sum, size) => sum + size, 0);
    const largest = Math.max(...sources.map(({ length }) => length));
    const rightOrWrong = isRightOrWrong(task, metric);
    const options = { bridge: this.#bridge };
    const asked = { sums, sizes, largest, rightOrWrong };
    const { e, rejectedAt, ...sequence } = await anytime({ ...asked, alpha }, options);
    const isOne = Math.abs(1 - level - alpha) < ROUNDING;
    const { low, high } = isOne ? sequence : await anytime({ ...asked, alpha: 1 - level }, options);
    return {
      a,
      b,
      task: claim.task,
      metric,
      sources: sums.length,
      of: sources.length,
      clips,
      difference: sums.reduce((sum, each) => sum + each, 0) / clips,
      low: low.at(-1) ?? -1,
      high: high.at(-1) ?? 1,
      level,
      e: e.at(-1) ?? 1,
      shownAt: 1 / alpha,
      rejectedAt,
      stopping,
    };
  }
}

function watch(
  claim: PrimaryClaim,
  tasks: readonly Task[],
  all: readonly UsedClip[],
  order: readonly string[],
): Watched[] {
  const { task: kind, metric } = claim;
  const task = tasks.find((each) => each.kind === kind);
  if ((kind !== "zero-shot" && kind !== "questions") || metric === "macro-F1") return [];
  if (task === undefined) return [];
  const clips = clipsOf(task, all).filter((clip) => isAbout(metric, clip));
  const bySource = Map.groupBy(clips, ({ clusterId }) => clusterId);
  const sources = order.flatMap((source) => {
    const members = bySource.get(source);
    return members === undefined ? [] : [members];
  });
  return [{ claim: { ...claim, task: kind }, task, sources, sums: [], sizes: [] }];
}
