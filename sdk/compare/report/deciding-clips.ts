import { existsSync, statSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import { type Html, html } from "../../display/html.ts";
import { player } from "../../display/player.ts";
import { table } from "../../display/table.ts";
import { InvalidArgumentError } from "../../errors.ts";
import type { DecidingClip } from "../results-types.ts";
import { isPair, pairsOf, pairTitle } from "./pairs.ts";
import { heading, note, scrolling, stack } from "./pieces.ts";
import type { ReportSource } from "./report-source.ts";
import { count } from "./words.ts";

const MOST = 24;
/** Of HTML around the sound of one player. */
const PLAYER_BYTES = 500;

/** The clips that one arm got right and the other did not, to be listened to. */
export function decidingClips(
  { results, audioFolder }: ReportSource,
  /** For sounds; what does not fit is named by its path. */
  room: number,
): Html | null {
  const first = new Set(
    inTurns(results.deciding, [pairTitle, ({ truth }) => truth, ({ source }) => source]).slice(
      0,
      MOST,
    ),
  );
  const shown = results.deciding.filter((clip) => first.has(clip));
  if (shown.length === 0) return null;
  const sounds = new Sounds(audioFolder, room);
  const tables = pairsOf(shown).map((pair) => {
    const rows = shown.filter((clip) => isPair(clip, pair));
    return stack([
      heading(pairTitle(pair)),
      scrolling(table(rows.map((clip) => toRow(clip, sounds.of(clip.path))))),
    ]);
  });
  const left = results.deciding.length - shown.length;
  const remarks = [
    ...(left > 0 ? [`${count(left, "further clip")} in the outcomes of the run.`] : []),
    ...sounds.remarks,
  ];
  return stack([...tables, remarks.length === 0 ? null : note(remarks.join(" "))]);
}

type NameOf = (clip: DecidingClip) => string;

/** One of every group before a second one of any; within a group by the next name in the same way. */
function inTurns(
  clips: readonly DecidingClip[],
  [nameOf, ...others]: readonly NameOf[],
): DecidingClip[] {
  if (nameOf === undefined) return [...clips];
  const groups = [...Map.groupBy(clips, nameOf).values()].map((group) => inTurns(group, others));
  const rounds = Math.max(0, ...groups.map((group) => group.length));
  return Array.from({ length: rounds }, (_, at) =>
    groups.flatMap((group) => group[at] ?? []),
  ).flat();
}

function toRow(clip: DecidingClip, sound: Html): Record<string, unknown> {
  const { a, b, scoreA, scoreB } = clip;
  return {
    clip: clip.clip,
    source: clip.source,
    truth: clip.truth,
    [a]: clip.saidA ?? "(no label)",
    [b]: clip.saidB ?? "(no label)",
    for: scoreA > scoreB ? a : b,
    sound,
  };
}

/** Players while there is room, paths afterwards. */
class Sounds {
  readonly #folder: string | null;
  #room: number;
  #large = 0;
  #missing = 0;

  constructor(folder: string | null, room: number) {
    this.#folder = folder;
    this.#room = room;
  }

  get remarks(): string[] {
    const folder =
      this.#folder === null
        ? "no folder of the data set was given"
        : "not in the folder of the data set";
    return [
      ...(this.#missing > 0
        ? [`${count(this.#missing, "clip")} by path: ${folder}, or no sound that a browser plays.`]
        : []),
      ...(this.#large > 0
        ? [`${count(this.#large, "clip")} by path, to keep the page small.`]
        : []),
    ];
  }

  of(path: string): Html {
    const named = html`<code>${path}</code>`;
    const file = this.#fileOf(path);
    if (file === null) {
      this.#missing += 1;
      return named;
    }
    if (base64Bytes(statSync(file).size) > this.#room) {
      this.#large += 1;
      return named;
    }
    try {
      const made = player(file, { title: "" });
      this.#room -= Buffer.byteLength(made.source);
      return html`${made}<br>${named}`;
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      this.#missing += 1;
      return named;
    }
  }

  /** Only below the folder: a report of a stranger's results must not carry other files of this machine. */
  #fileOf(path: string): string | null {
    if (this.#folder === null) return null;
    const file = join(this.#folder, path);
    const inside = relative(this.#folder, file);
    return !inside.startsWith("..") && !isAbsolute(inside) && existsSync(file) ? file : null;
  }
}

function base64Bytes(bytes: number): number {
  return 4 * Math.ceil(bytes / 3) + PLAYER_BYTES;
}
