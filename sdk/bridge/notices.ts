import type { LogEntry } from "./log-entry.ts";
import type { PendingCall } from "./pending.ts";

/** What a bridge has to say: to who listens, or to who waits. */
export class Notices {
  readonly #onLog: ((entry: LogEntry) => void) | undefined;

  constructor(onLog: ((entry: LogEntry) => void) | undefined) {
    this.#onLog = onLog;
  }

  /** In a turn of its own: an error of the listener must not cost the lines that follow. */
  log(entry: LogEntry): void {
    const onLog = this.#onLog;
    if (onLog) queueMicrotask(() => onLog(entry));
  }

  /** One line for the notebook: where nobody listens, it is printed in the cell that waits. */
  tell(text: string, calls: readonly PendingCall[]): void {
    this.log({ level: "warning", source: "bridge", text });
    if (this.#onLog !== undefined) return;
    const waiting = calls.find(({ isWaiting }) => isWaiting);
    waiting?.context.runInAsyncScope(() => console.warn(text));
  }
}
