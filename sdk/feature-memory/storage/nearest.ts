import { clampCosine, reaches } from "./cosine.ts";

/** A row, and how near it is. */
interface NearRow {
  readonly position: number;
  readonly similarity: number;
}

/** Up to this many the best are kept in order; more are sorted at the end, which is then quicker. */
const KEPT_IN_ORDER = 256;

/** The nearest of the rows that are offered: best first, equal ones in the order of the offers. */
export class Nearest {
  readonly #limit: number;
  readonly #minSimilarity: number;
  readonly #isOrdered: boolean;
  readonly #best: NearRow[] = [];
  /** Of the last that is kept, once there are as many as asked for: others have to be above. */
  #floor = Number.NEGATIVE_INFINITY;

  constructor(limit: number, minSimilarity: number) {
    this.#limit = limit;
    this.#minSimilarity = minSimilarity;
    this.#isOrdered = limit <= KEPT_IN_ORDER;
  }

  offer(position: number, cosine: number): void {
    if (cosine <= this.#floor) return;
    const similarity = clampCosine(cosine);
    // Again, clamped: of rows that rounding took past 1 none is before another.
    if (similarity <= this.#floor || !reaches(similarity, this.#minSimilarity)) return;
    const best = this.#best;
    if (!this.#isOrdered) {
      best.push({ position, similarity });
      return;
    }
    let at = best.length;
    while (at > 0 && (best[at - 1]?.similarity ?? 0) < similarity) at -= 1;
    best.splice(at, 0, { position, similarity });
    if (best.length > this.#limit) best.pop();
    if (best.length === this.#limit) this.#floor = best.at(-1)?.similarity ?? this.#floor;
  }

  /** Best first. */
  take(): NearRow[] {
    if (this.#isOrdered) return this.#best;
    return this.#best.toSorted((a, b) => b.similarity - a.similarity).slice(0, this.#limit);
  }
}
