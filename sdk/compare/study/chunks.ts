/** Which clips a model hears together, and in which order: fixed by the manifest and the seed, before the run. */
import { sha256 } from "../../records/run/canonical-json.ts";
import type { UsedClip } from "./used-clips.ts";

/** Clips that go through every model together: the unit of a call, and of a resumption. */
export interface Chunk {
  /** `000`, `001`, … */
  readonly id: string;
  readonly clips: readonly string[];
}

/** As many as Python decodes and encodes at once: a chunk is one pass. */
const MOST = 16;
const DIGITS = 3;

/**
 * Cuts the clips into chunks by what the manifest alone says. Neighbours in a pass change the last bits of
 * features, so they must be the same in every run, and for every arm; clips of like lengths stand together.
 *
 * @param seconds what is heard of a clip at most; null: all
 */
export function makeChunks(
  rows: readonly Pick<UsedClip, "id" | "seconds">[],
  seconds: number | null,
): Chunk[] {
  const most = seconds ?? Number.POSITIVE_INFINITY;
  const sorted = rows
    .map(({ id, seconds: length }) => ({ id, heard: Math.min(length ?? 0, most) }))
    .sort((a, b) => a.heard - b.heard || (a.id < b.id ? -1 : 1));
  return number(cut(sorted.map(({ id }) => id)));
}

/** The sources in an order that nothing about them decides: by the digest of the seed and their names. */
export function drawOrder(rows: readonly Pick<UsedClip, "clusterId">[], seed: number): string[] {
  const sources = [...new Set(rows.map(({ clusterId }) => clusterId))];
  const drawn = sources.map((source) => ({ source, key: sha256(`${seed}\0${source}`) }));
  return drawn.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ source }) => source);
}

/** Chunks of whole sources in that order, so that each is finished as early as may be; large ones are cut. */
export function makeSourceChunks(
  rows: readonly Pick<UsedClip, "id" | "clusterId">[],
  order: readonly string[],
): Chunk[] {
  const bySource = Map.groupBy(rows, ({ clusterId }) => clusterId);
  const chunks: string[][] = [];
  for (const source of order) {
    const members = (bySource.get(source) ?? []).map(({ id }) => id).sort();
    const last = chunks.at(-1);
    if (last !== undefined && last.length + members.length <= MOST) last.push(...members);
    else chunks.push(...cut(members));
  }
  return number(chunks);
}

function cut(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / MOST) }, (_, index) =>
    ids.slice(index * MOST, (index + 1) * MOST),
  );
}

function number(chunks: readonly (readonly string[])[]): Chunk[] {
  return chunks.map((clips, index) => ({ id: String(index).padStart(DIGITS, "0"), clips }));
}
