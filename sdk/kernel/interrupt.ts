/** Stops what runs on the main thread and keeps its variables. */

import type { MainInspector } from "./main-inspector.ts";
import type { ToMain } from "./thread-messages.ts";

/** How long the main thread has to answer by itself; a thread whose event loop turns does. */
const POLITE_MS = 100;
/** Pause between attempts while native code holds the main thread. */
const RETRY_MS = 100;

export class Interrupter {
  readonly #post: (message: ToMain) => void;
  readonly #inspector: MainInspector;
  #serial = 0;
  #onAnswer: () => void = () => undefined;
  #running: Promise<void> | undefined;

  constructor(post: (message: ToMain) => void, inspector: MainInspector) {
    this.#post = post;
    this.#inspector = inspector;
  }

  /**
   * Settles when no interrupt is under way. A cell must not start before: a termination that finds
   * the main thread idle ends the next thing that runs there.
   */
  get settled(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  /** Interrupts the main thread; settles when its event loop turns again. */
  interrupt(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
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
