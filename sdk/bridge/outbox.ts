import type { Priority } from "./call-options.ts";

/** How many requests are on their way at once. */
export interface QueueOptions {
  /**
   * Requests that the process has and has not answered; the others wait in Node.
   * @default 64
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Requests that wait in Node; one more is refused with `QueueFullError`.
   * @default 10_000
   */
  readonly maxQueued?: number | undefined;
}

/** Requests that wait for their turn to be sent: a user's before those in the background. */
export class Outbox {
  readonly maxQueued: number;
  readonly #maxInFlight: number;
  readonly #waiting: Readonly<Record<Priority, number[]>> = { user: [], background: [] };
  #inFlight = 0;

  constructor({ maxInFlight = 64, maxQueued = 10_000 }: QueueOptions = {}) {
    this.#maxInFlight = maxInFlight;
    this.maxQueued = maxQueued;
  }

  get queued(): number {
    return this.#waiting.user.length + this.#waiting.background.length;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  add(id: number, priority: Priority): void {
    this.#waiting[priority].push(id);
  }

  /** The next one to send; undefined where none waits, or enough are on their way. */
  take(): number | undefined {
    if (this.#inFlight >= this.#maxInFlight) return undefined;
    const id = this.#waiting.user.shift() ?? this.#waiting.background.shift();
    if (id !== undefined) this.#inFlight += 1;
    return id;
  }

  /** One that was taken is answered, or was not worth sending. */
  done(): void {
    this.#inFlight -= 1;
  }

  /** A new process has nothing yet. */
  clear(): void {
    this.#inFlight = 0;
    this.#waiting.user.length = 0;
    this.#waiting.background.length = 0;
  }
}
