/** What a process is sent, and when: requests in their turn, and remarks that it does not answer. */
import { type Lane, Outbox, type QueueOptions } from "./outbox.ts";
import { ReadSlots } from "./read-slots.ts";
import type { Request } from "./request.ts";

/** What takes the lines: a process that runs. */
export interface Recipient {
  readonly isRunning: boolean;
  /** @returns false: it reads slower than we write */
  write(line: string): boolean;
}

/** Sends what waits, as far as the process may have it and reads it. */
export class Sender {
  readonly #outbox: Outbox;
  readonly #requestOf: (id: number) => Request;
  readonly #read = new ReadSlots((line) => this.#write(line));
  #recipient: Recipient | undefined;
  /** The process reads slower than we write. */
  #isChoked = false;

  /** @param requestOf the request of an id that was added */
  constructor(queue: QueueOptions | undefined, requestOf: (id: number) => Request) {
    this.#outbox = new Outbox(queue);
    this.#requestOf = requestOf;
  }

  /** Requests that wait for their turn. */
  queuedIn(lane: Lane): number {
    return this.#outbox.queuedIn(lane);
  }

  /** A request waits for its turn; `send` begins. */
  add(id: number, lane: Lane): void {
    this.#outbox.add(id, lane);
  }

  /** It is not worth sending any more. */
  remove(id: number, lane: Lane): void {
    this.#outbox.remove(id, lane);
  }

  /** A request that was sent is answered: another one may have its place. */
  noteAnswered({ holdsPlace, facts }: Request): void {
    if (holdsPlace) this.#outbox.done(facts.lane);
  }

  /** Slots of Python's arena were read: it is told with what is sent next. */
  giveBack(generations: readonly number[]): void {
    this.#read.add(generations);
  }

  /** A remark to the process, which it does not answer. */
  tell(operation: "cancel" | "credit" | "ping", data: object, id?: number): void {
    this.#write(JSON.stringify({ id, operation, data }));
  }

  /** Nothing waits, and nothing is sent until `begin`: the process has gone, and what it had with it. */
  reset(): void {
    this.#outbox.clear();
    this.#read.clear();
    this.#isChoked = false;
    this.#recipient = undefined;
  }

  /** There is a new process. */
  begin(recipient: Recipient): void {
    this.#recipient = recipient;
    this.send();
  }

  /** The process reads again. */
  resume(): void {
    this.#isChoked = false;
    this.send();
  }

  /** Sends what may be sent. */
  send(): void {
    while (this.#recipient?.isRunning && !this.#isChoked) {
      const id = this.#outbox.take();
      if (id === undefined) return;
      const request = this.#requestOf(id);
      request.isSent = true;
      const release = this.#read.take();
      if (release !== undefined) this.#recipient.write(release);
      // A request is sent whole, however slowly it is read.
      for (const line of request.lines) this.#isChoked = !this.#recipient.write(line);
      if (!request.holdsPlace) this.#outbox.done(request.facts.lane);
    }
  }

  #write(line: string): void {
    if (this.#recipient?.isRunning) this.#recipient.write(line);
  }
}
