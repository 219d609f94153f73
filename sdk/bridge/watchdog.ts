import { readFileSync } from "node:fs";

/** When a process that says nothing is given up. */
export interface WatchdogOptions {
  /**
   * Silence after which a process that has calls is asked whether it is there, milliseconds. Its reader
   * answers, also while a model computes.
   * @default 5_000
   */
  readonly pingAfterMs?: number | undefined;
  /**
   * Silence after which it is killed, if it has used no processor time meanwhile either (it is stopped, or
   * waits for a disk that is gone); milliseconds. One that computes without answering is only told of.
   * @default 30_000
   */
  readonly unresponsiveAfterMs?: number | undefined;
}

/** What the watchdog may do. */
export interface WatchdogHandlers {
  readonly pid: () => number | undefined;
  /** Someone waits for the process, and it has been ready. */
  readonly isNeeded: () => boolean;
  readonly ping: () => void;
  readonly kill: () => void;
  readonly tell: (text: string) => void;
}

/** Looks per silence. */
const LOOKS = 5;

/**
 * Busy is not dead: a process is only ended when it answers nothing and does nothing.
 */
export class Watchdog {
  readonly #pingAfterMs: number;
  readonly #unresponsiveAfterMs: number;
  readonly #handlers: WatchdogHandlers;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;
  /** Processor time when it was asked; undefined: it was not asked since it was heard. */
  #askedAtTicks: number | undefined;
  #isTold = false;

  constructor(options: WatchdogOptions = {}, handlers: WatchdogHandlers) {
    const { pingAfterMs = 5_000, unresponsiveAfterMs = 30_000 } = options;
    this.#pingAfterMs = pingAfterMs;
    this.#unresponsiveAfterMs = unresponsiveAfterMs;
    this.#handlers = handlers;
  }

  /** A new process begins. */
  start(): void {
    this.stop();
    this.heard();
    this.#timer = setInterval(() => this.#look(), this.#pingAfterMs / LOOKS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The process has said something. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#askedAtTicks = undefined;
    this.#isTold = false;
  }

  #look(): void {
    const pid = this.#handlers.pid();
    if (pid === undefined || !this.#handlers.isNeeded()) {
      this.heard(); // what nobody waits for may be silent
      return;
    }
    const silence = performance.now() - this.#heardAt;
    if (silence < this.#pingAfterMs) return;
    const ticks = readTicks(pid);
    if (this.#askedAtTicks === undefined) {
      this.#askedAtTicks = ticks ?? 0;
      this.#handlers.ping();
      return;
    }
    if (silence < this.#unresponsiveAfterMs) return;
    const seconds = Math.round(silence / 1000);
    // Where processor time cannot be read, nobody knows that it is not busy.
    if (ticks === undefined || ticks > this.#askedAtTicks) {
      if (!this.#isTold) {
        this.#handlers.tell(
          `The Python process has not answered for ${seconds} s but computes: a library holds it. It is left alone.`,
        );
      }
      this.#isTold = true;
      return;
    }
    this.#handlers.tell(
      `The Python process has neither answered nor computed for ${seconds} s: it is killed.`,
    );
    this.#handlers.kill();
    this.heard();
  }
}

/** Processor time of a process in clock ticks (utime and stime of /proc/PID/stat, proc(5)). */
function readTicks(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything; the state is the first field after it.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
