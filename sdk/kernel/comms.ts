/** Comms: named channels between code of a cell and an object of the front end (widgets use them). */

import { randomUUID } from "node:crypto";
import { Cell, currentCell, runInCell } from "./cell.ts";
import type { CommEvent, CommPayload, ToWorker } from "./thread-messages.ts";
import type { JsonObject } from "./wire-message.ts";

// Cells may patch the global.
const { parse, stringify } = JSON;

/** A message of the front end. */
export type CommMessage = Omit<CommPayload, "commId">;

/** What may accompany the data of a message. */
export interface CommExtras {
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Uint8Array[];
}

/** One open channel. Its data is JSON; anything large belongs into the buffers. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** Called for each message of the front end, until the comm is closed. */
  onMessage: (message: CommMessage) => void;
  /** Called when the front end closes the comm. */
  onClose: (message: CommMessage) => void;
  /** @throws Error when the comm is closed. */
  send(data: JsonObject, extras?: CommExtras): void;
  close(data?: JsonObject): void;
}

/** Called with each comm that the front end opens for a target. */
export type CommTarget = (comm: Comm, opening: CommMessage) => void;

/** The comms of this kernel. */
export class Comms {
  readonly #post: (message: ToWorker) => void;
  readonly #report: (error: unknown) => void;
  readonly #open = new Map<string, Comm>();
  readonly #targets = new Map<string, CommTarget>();
  #handling: Cell | undefined;

  /** @param report receives what a handler throws. */
  constructor(post: (message: ToWorker) => void, report: (error: unknown) => void) {
    this.#post = post;
    this.#report = report;
  }

  /** Opens a comm to an object that the front end knows as `target`. */
  open(target: string, data: JsonObject = {}, extras: CommExtras & { id?: string } = {}): Comm {
    const comm = this.#comm(extras.id ?? randomUUID(), target);
    this.#send("open", comm, data, extras);
    return comm;
  }

  /** Listens for comms that the front end opens; without a listener they are closed again. */
  onOpen(target: string, listener: CommTarget): void {
    this.#targets.set(target, listener);
  }

  /** Takes a message of the front end. */
  receive(event: CommEvent): void {
    const cell = new Cell(event.cell);
    this.#handling = cell;
    // As for a cell: an interrupt ends the whole stack.
    queueMicrotask(() => {
      runInCell(cell, () => {
        try {
          this.#handle(event);
        } catch (error) {
          this.#report(error);
        }
        this.#handled(cell);
      });
    });
  }

  /** The handler that ran was stopped from outside. */
  interrupt(): void {
    if (this.#handling !== undefined) this.#handled(this.#handling);
  }

  #handled(cell: Cell): void {
    if (cell.finished) return;
    cell.finished = true;
    this.#handling = undefined;
    this.#post({ type: "comm-handled", cell: cell.number });
  }

  #handle({ kind, commId, target, data, metadata, buffers }: CommEvent): void {
    const message = { data, metadata, buffers };
    if (kind === "open") {
      const listener = this.#targets.get(target);
      const comm = this.#comm(commId, target);
      if (listener === undefined) comm.close();
      else listener(comm, message);
      return;
    }
    const comm = this.#open.get(commId);
    if (comm === undefined) return;
    if (kind === "msg") comm.onMessage(message);
    else {
      this.#open.delete(commId);
      comm.onClose(message);
    }
  }

  #comm(id: string, target: string): Comm {
    const comm: Comm = {
      id,
      target,
      onMessage: () => undefined,
      onClose: () => undefined,
      send: (data, extras = {}) => {
        if (!this.#open.has(id)) throw new Error(`The comm ${id} of ${target} is closed`);
        this.#send("msg", comm, data, extras);
      },
      close: (data = {}) => {
        if (this.#open.delete(id)) this.#send("close", comm, data, {});
      },
    };
    this.#open.set(id, comm);
    return comm;
  }

  #send(kind: CommEvent["kind"], { id, target }: Comm, data: JsonObject, extras: CommExtras): void {
    const { metadata = {}, buffers = [] } = extras;
    const cell = currentCell()?.number ?? 0;
    // Through JSON, so that what is none of it fails here and not on the way.
    const plain: JsonObject = parse(stringify(data));
    this.#post({ type: "comm", cell, kind, commId: id, target, data: plain, metadata, buffers });
  }
}
