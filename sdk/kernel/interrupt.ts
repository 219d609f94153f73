/** Stops what runs on the main thread and keeps its variables. */

import type { MainInspector } from "./main-inspector.ts";
import type { ToMain } from "./thread-messages.ts";

/** How long the main thread has to answer by itself; a thread whose event loop turns does. */
const POLITE_MS = 100;
/** Pause between attempts while native code holds the main thread. */
const RETRY_MS = 100;
/** After this time only native code can be the cause. */
const STUCK_MS = 2000;

export class Interrupter {
  readonly #post: (message: ToMain) => void;
  readonly #inspector: MainInspector;
  readonly #onStuck: () => void;
  #serial = 0;
  #onAnswer: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #isStuck = false;

  /** @param onStuck called when the main thread has not answered an interrupt for two seconds. */
  constructor(post: (message: ToMain) => void, inspector: MainInspector, onStuck: () => void) {
    this.#post = post;
    this.#inspector = inspector;
    this.#onStuck = onStuck;
  }

  /**
   * Settles when no interrupt is under way. A cell must not start before: a termination that finds
   * the main thread idle ends the next thing that runs there.
   */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Whether native code holds the main thread, and the user has been told so. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  /** Interrupts the main thread; settles when its event loop turns again. */
  interrupt(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      this.#isStuck = false;
    });
    return this.#running;
  }

  /** The main thread has handled the interrupt of this number. */
  acknowledge(serial: number): void {
    if (serial === this.#serial) this.#onAnswer();
  }

  async #run(): Promise<void> {
    this.#serial++;
    if (await this.#ask(POLITE_MS)) return;
    const since = performance.now();
    let terminating = false;
    let answered = false;
    while (!answered || terminating) {
      if (!terminating && !answered) {
        terminating = true;
        void this.#inspector.terminateExecution().then(() => {
          terminating = false;
        });
      }
      // Asked again each time: the termination may have hit the handler of the question, and one
      // that found the main thread idle stays pending until something runs there.
      answered = await this.#ask(RETRY_MS);
      if (answered || this.#isStuck || performance.now() - since < STUCK_MS) continue;
      this.#isStuck = true;
      this.#onStuck();
    }
  }

  /** Posts the interrupt; true when it was answered in time. */
  #ask(limitMs: number): Promise<boolean> {
    this.#post({ type: "interrupt", serial: this.#serial });
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limitMs, false);
      this.#onAnswer = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}
