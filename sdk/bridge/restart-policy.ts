/** How often a process that crashes is started again. */
export interface RestartOptions {
  /**
   * Processes that may die of one request before it is given up.
   * @default 2
   */
  readonly maxAttempts?: number | undefined;
  /**
   * Crashes within a minute after which the process is left alone until the minute is over.
   * @default 5
   */
  readonly maxCrashesPerMinute?: number | undefined;
}

/** Wait before the first, second, … start in a row without an answer, milliseconds. */
const BACK_OFF_MS = [0, 200, 1_000, 5_000];
const MINUTE_MS = 60_000;

/** When to start again: at once after a first crash, later after more, not at all after too many. */
export class RestartPolicy {
  readonly maxAttempts: number;
  readonly #maxCrashes: number;
  /** Times of the crashes of the last minute, oldest first. */
  #crashes: number[] = [];
  #inARow = 0;

  constructor({ maxAttempts = 2, maxCrashesPerMinute = 5 }: RestartOptions = {}) {
    this.maxAttempts = maxAttempts;
    this.#maxCrashes = maxCrashesPerMinute;
  }

  /** A process has died; @returns how long to wait before the next one, milliseconds. */
  noteCrash(now: number): number {
    this.#crashes = [...this.#crashes.filter((at) => now - at < MINUTE_MS), now];
    const wait = BACK_OFF_MS[Math.min(this.#inARow, BACK_OFF_MS.length - 1)] ?? 0;
    this.#inARow += 1;
    return wait;
  }

  /** The process works: the next crash is a first one. */
  noteAnswer(): void {
    this.#inARow = 0;
  }

  /** Milliseconds until a process may be started again; 0: now. */
  closedFor(now: number): number {
    const recent = this.#crashes.filter((at) => now - at < MINUTE_MS);
    if (recent.length < this.#maxCrashes) return 0;
    const [oldest = now] = recent.slice(-this.#maxCrashes);
    return oldest + MINUTE_MS - now;
  }
}
