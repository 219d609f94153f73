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
  return Array.from({ length: Math.ceil(sorted.length / MOST) }, (_, index) => ({
    id: String(index).padStart(DIGITS, "0"),
    clips: sorted.slice(index * MOST, (index + 1) * MOST).map(({ id }) => id),
  }));
}
