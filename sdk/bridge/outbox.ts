import type { Priority } from "./call-options.ts";
import { OPERATIONS } from "./protocol.gen.ts";

/** How much is on its way at once. */
export interface QueueOptions {
  /**
   * Requests for the model that the process has and has not answered; the others wait in Node.
   * @default 64
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Requests of one priority that wait in Node; one more is refused with `QueueFullError`.
   * @default 10_000
   */
  readonly maxQueued?: number | undefined;
  /**
   * Bytes of all arrays on their way to Python. A call that would need more waits until others are
   * answered.
   * @default 2^30 (1 GiB)
   */
  readonly maxArenaBytes?: number | undefined;
}

/** The line in which a request waits: what needs no model waits for nothing. */
export type Lane = "immediate" | Priority;
export const LANES: readonly Lane[] = ["immediate", "user", "background"];

/** What the reader thread answers waits for no model. */
export function laneOf(operation: string, priority: Priority = "user"): Lane {
  return OPERATIONS.get(operation)?.immediate ? "immediate" : priority;
}

/** Requests that wait for their turn to be sent: a user's before those in the background. */
export class Outbox {
  readonly #maxInFlight: number;
  readonly #waiting: Readonly<Record<Lane, Set<number>>> = {
    immediate: new Set(),
    user: new Set(),
    background: new Set(),
  };
  #inFlight = 0;

  constructor({ maxInFlight = 64 }: QueueOptions = {}) {
    this.#maxInFlight = maxInFlight;
  }

  queuedIn(lane: Lane): number {
    return this.#waiting[lane].size;
  }

  add(id: number, lane: Lane): void {
    this.#waiting[lane].add(id);
  }

  /** The next one to send; undefined where none waits, or enough are on their way. */
  take(): number | undefined {
    const immediate = this.#first("immediate");
    if (immediate !== undefined || this.#inFlight >= this.#maxInFlight) return immediate;
    const id = this.#first("user") ?? this.#first("background");
    if (id !== undefined) this.#inFlight += 1;
    return id;
  }

  /** One that was taken is answered. */
  done(lane: Lane): void {
    if (lane !== "immediate") this.#inFlight -= 1;
  }

  /** It is not worth sending any more. */
  remove(id: number, lane: Lane): void {
    this.#waiting[lane].delete(id);
  }

  /** A new process has nothing yet. */
  clear(): void {
    this.#inFlight = 0;
    for (const ids of Object.values(this.#waiting)) ids.clear();
  }

  #first(lane: Lane): number | undefined {
    for (const id of this.#waiting[lane]) {
      this.#waiting[lane].delete(id);
      return id;
    }
    return undefined;
  }
}
