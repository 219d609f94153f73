/** Questions of cells to the user, one at a time, by the stdin channel. */

import type { KernelRequest, Outbox } from "./outbox.ts";
import type { ToMain, ToWorker } from "./thread-messages.ts";
import type { WireMessage } from "./wire-message.ts";

type Question = Extract<ToWorker, { type: "input" }>;

export class StdinChannel {
  readonly #outbox: Outbox;
  readonly #answer: (message: ToMain) => void;
  readonly #waiting: Question[] = [];
  #request: KernelRequest | undefined;
  #cell = 0;
  /** Id of the message that waits for its reply. */
  #asked: string | undefined;

  constructor(outbox: Outbox, answer: (message: ToMain) => void) {
    this.#outbox = outbox;
    this.#answer = answer;
  }

  /** From now on this cell may ask, and whoever sent its request is asked. */
  open(cell: number, request: KernelRequest): void {
    this.#cell = cell;
    this.#request = request;
  }

  /** The cell has ended: a reply that comes now answers nothing. */
  close(): void {
    this.#request = undefined;
    this.#asked = undefined;
    this.#waiting.length = 0;
  }

  ask(question: Question): void {
    if (question.cell !== this.#cell || this.#request === undefined) return;
    this.#waiting.push(question);
    if (this.#asked === undefined) this.#askNext();
  }

  receive({ header, parentHeader, content }: WireMessage): void {
    if (header.msg_type !== "input_reply" || this.#asked === undefined) return;
    // Some clients name no parent; one that does must mean this question.
    const parent = "msg_id" in parentHeader ? parentHeader.msg_id : undefined;
    if (parent !== undefined && parent !== this.#asked) return;
    this.#asked = undefined;
    const question = this.#waiting.shift();
    if (question === undefined) return;
    this.#answer({
      type: "input",
      serial: question.serial,
      value: String(content["value"] ?? ""),
    });
    this.#askNext();
  }

  #askNext(): void {
    const [question] = this.#waiting;
    if (question === undefined || this.#request === undefined) return;
    const { prompt, password } = question;
    this.#asked = this.#outbox.ask(this.#request, { prompt, password });
  }
}
