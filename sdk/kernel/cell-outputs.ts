/** Broadcasts what cells put out, each under the request of its own cell. */

import type { Outbox } from "./outbox.ts";
import type { ErrorReport, ToWorker } from "./thread-messages.ts";
import type { Header, JsonObject } from "./wire-message.ts";

/** Stream text that waits to be sent in one message with what follows at once. */
interface PendingText {
  readonly cell: number;
  readonly name: "stdout" | "stderr";
  text: string;
}

export class CellOutputs {
  readonly #outbox: Outbox;
  readonly #parents = new Map<number, Header>();
  #pending: PendingText | undefined;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /** Notes the request of a cell; kept for the session, since output may come at any time. */
  open(cell: number, parent: Header): void {
    this.#parents.set(cell, parent);
  }

  /** Forgets a run that is over for good. */
  close(cell: number): void {
    this.#parents.delete(cell);
  }

  /** The request to which the output of a run belongs. */
  parentOf(cell: number): Header | JsonObject {
    return this.#parents.get(cell) ?? {};
  }

  stream({ cell, name, text }: Extract<ToWorker, { type: "stream" }>): void {
    const pending = this.#pending;
    if (pending?.cell === cell && pending.name === name) {
      pending.text += text;
      return;
    }
    this.flush();
    this.#pending = { cell, name, text };
    // One message for a burst of lines; a slow printer still appears line by line.
    setImmediate(() => this.flush());
  }

  publish(cell: number, messageType: string, content: JsonObject | string): void {
    this.flush();
    this.#outbox.publish(this.parentOf(cell), messageType, content);
  }

  error(cell: number, { ename, evalue, traceback }: ErrorReport): void {
    this.publish(cell, "error", { ename, evalue, traceback });
  }

  /** Sends the text that waits. */
  flush(): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#pending = undefined;
    const { cell, name, text } = pending;
    this.#outbox.publish(this.parentOf(cell), "stream", { name, text });
  }
}
