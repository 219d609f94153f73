import { textWidth } from "../display/figure/text.ts";
import type { MemorySpan } from "./spans.ts";

/** A stretch of time in one phase. */
export interface Band {
  readonly phase: string;
  readonly from: number;
  readonly to: number;
}

/** Beside each other in a picture one could not see a smaller gap; share of the whole time. */
const UNSEEN = 0.004;
/** More bands than these would be a pattern, not a picture. */
const MAX_BANDS = 120;
const LABEL_AIR = 6;

/** The phases of one depth as bands: neighbours of the same phase are one, and only the longest stay. */
export function toBands(
  spans: readonly MemorySpan[],
  depth: number,
  seconds: number,
): readonly Band[] {
  const bands: Band[] = [];
  for (const span of spans.filter((each) => each.depth === depth)) {
    const to = span.began + span.seconds;
    const last = bands.at(-1);
    if (last?.phase === span.phase && span.began - last.to <= UNSEEN * seconds) {
      bands[bands.length - 1] = { ...last, to };
    } else bands.push({ phase: span.phase, from: span.began, to });
  }
  const kept = new Set(bands.toSorted((a, b) => length(b) - length(a)).slice(0, MAX_BANDS));
  return bands.filter((band) => kept.has(band));
}

/** Those bands that have room for their name: bands of one depth never overlap, so nor do these. */
export function labelledBands(
  bands: readonly Band[],
  pixelsPerSecond: number,
  fontSize: number,
): readonly Band[] {
  return bands.filter(
    (band) => textWidth(band.phase, fontSize) + LABEL_AIR <= length(band) * pixelsPerSecond,
  );
}

function length({ from, to }: Band): number {
  return to - from;
}
