import { randomUUID } from "node:crypto";
import { type DisplayHook, displayHook } from "./kernel-hook.ts";
import { DISPLAY, type Displayable, type MimeBundle } from "./mime.ts";
import { type WorkState, workHtml, workText } from "./progress-view.ts";

/** One report of a long work. `total` 0 or absent: not known. */
export interface ProgressUpdate {
  stage?: string | undefined;
  done: number;
  total?: number | undefined;
  unit?: string | undefined;
  message?: string | undefined;
}

/**
 * A progress display. It is itself the function to give as `onProgress`:
 *
 *     using bar = progress("embedding");
 *     await embed(service, folder, { onProgress: bar });
 */
export interface Progress extends Displayable, Disposable {
  (update: ProgressUpdate): void;
  update(update: ProgressUpdate): void;
  /** Ends the running work, with a last word if there is one. Repeated calls change nothing. */
  end(message?: string): void;
}

// Each drawing is a message through the kernel into every open front end: never more than ten a
// second. Running stages take eight, which leaves room for ends, drawn at once: after the cell is
// idle, headless runners no longer listen.
const MOST_PER_SECOND = 10;
const SHORTEST_INTERVAL_MS = 125;
// A log file gets a line now and then instead of a bar that is drawn over itself.
const LOG_INTERVAL_MS = 5000;
const MOST_ROWS = 8;

/**
 * A bar with rate and time left that renders in place, and ends as a line with total time and rate.
 *
 * A piece of work is done when `done` reaches `total`; what comes after it, or has another total,
 * gets a bar of its own. Outside a notebook it writes to stderr: in place on a terminal, else a
 * line every five seconds.
 */
export function progress(label: string): Progress {
  const display = new ProgressDisplay(label);
  const update = (report: ProgressUpdate): void => display.update(report);
  return Object.assign(update, {
    update,
    end: (message?: string): void => display.end(message),
    [Symbol.dispose]: (): void => display.end(),
    [DISPLAY]: (): MimeBundle => display.bundle(),
  });
}

class ProgressDisplay {
  readonly #label: string;
  readonly #displayId = `progress-${randomUUID()}`;
  readonly #created: number = performance.now();
  readonly #work: WorkState[] = [];
  /** Times of the last drawings, oldest first. */
  readonly #drawn: number[] = [];
  #shown = false;
  #printed = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(label: string) {
    this.#label = label;
  }

  update(report: ProgressUpdate): void {
    const now = performance.now();
    const state = this.#workOf(report, now);
    state.stage = report.stage ?? state.stage;
    state.done = report.done;
    state.unit = report.unit ?? state.unit;
    state.message = report.message ?? "";
    const ends = state.ended === undefined && state.total > 0 && state.done >= state.total;
    if (ends) state.ended = now;
    this.#drawSoon(now, ends);
  }

  end(message?: string): void {
    const current = this.#work.at(-1);
    if (current === undefined || current.ended !== undefined) return;
    const now = performance.now();
    if (message !== undefined) current.message = message;
    current.stopped = current.done < current.total;
    current.ended = now;
    this.#draw(now);
  }

  bundle(): MimeBundle {
    const now = performance.now();
    const visible = this.#work.slice(-MOST_ROWS);
    const rows = visible.map((state) => workHtml(this.#label, state, now));
    const lines = visible.map((state) => workText(this.#label, state, now));
    return { "text/html": rows.join(""), "text/plain": lines.join("\n") || this.#label };
  }

  /** The work that a report continues, or the next one. */
  #workOf(report: ProgressUpdate, now: number): WorkState {
    const current = this.#work.at(-1);
    const total = report.total ?? current?.total ?? 0;
    if (current !== undefined) {
      const stage = report.stage ?? current.stage;
      const goesBack = report.done < current.done;
      const restarts = goesBack && (current.ended !== undefined || stage !== current.stage);
      if (total === current.total && !restarts) return current;
      current.ended ??= now;
    }
    // Work whose first report tells of something done began before it: where the last one ended.
    const started = report.done > 0 ? (current?.ended ?? this.#created) : now;
    const words = { stage: "", unit: "", message: "" };
    const next = { ...words, done: 0, total, started, ended: undefined, stopped: false };
    this.#work.push(next);
    return next;
  }

  /** Draws now if that keeps within the limits, else when it will. */
  #drawSoon(now: number, ends: boolean): void {
    const wait = ends ? this.#waitForRoom(now) : this.#waitForTurn(now);
    if (wait <= 0) this.#draw(now);
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#draw(performance.now()), wait);
      this.#timer.unref(); // a pending drawing is no reason to keep a finished program alive
    }
  }

  #waitForTurn(now: number): number {
    const inPlace = displayHook() !== undefined || process.stderr.isTTY;
    const interval = inPlace ? SHORTEST_INTERVAL_MS : LOG_INTERVAL_MS;
    return Math.max(
      (this.#drawn.at(-1) ?? Number.NEGATIVE_INFINITY) + interval - now,
      this.#waitForRoom(now),
    );
  }

  #waitForRoom(now: number): number {
    return (this.#drawn.at(-MOST_PER_SECOND) ?? Number.NEGATIVE_INFINITY) + 1000 - now;
  }

  #draw(now: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drawn.push(now);
    if (this.#drawn.length > MOST_PER_SECOND) this.#drawn.shift();
    const kernel = displayHook();
    if (kernel === undefined) this.#print(now);
    else this.#publish(kernel);
  }

  #publish(kernel: DisplayHook): void {
    const transient = { display_id: this.#displayId };
    kernel.publish({ data: this.bundle(), metadata: {}, transient, update: this.#shown });
    this.#shown = true;
  }

  /** Writes the works that ended for good, and the running one over its own line. */
  #print(now: number): void {
    const terminal = process.stderr.isTTY === true;
    const clear = terminal ? "\r\u001b[K" : "";
    for (const state of this.#work.slice(this.#printed)) {
      const line = `${clear}${workText(this.#label, state, now)}`;
      const ended = state.ended !== undefined;
      process.stderr.write(ended || !terminal ? `${line}\n` : line);
      if (ended) this.#printed += 1;
    }
  }
}
