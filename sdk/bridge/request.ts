import { InvalidArgumentError } from "../errors.ts";
import type { Slot } from "./arena.ts";
import { encodeTensors } from "./encode-tensors.ts";
import { ModelRecord } from "./model-record.ts";
import type { Lane } from "./outbox.ts";
import type { DataPlane } from "./plane.ts";
import { MAX_LINE_BYTES } from "./protocol.gen.ts";

/** What a request is beside its data. */
export interface RequestFacts {
  readonly lane: Lane;
  /** Asked by the bridge itself: a model that is loaded again. */
  readonly isOwn: boolean;
  /** Parts of the answer that may be on their way at once; undefined: it comes whole. */
  readonly credit: number | undefined;
}

/** A request until it is answered; a new process is sent the same lines. */
export class Request {
  readonly facts: RequestFacts;
  readonly #id: number;
  readonly #operation: string;
  /** Until its tensors are placed, and for as long as it lives where it says which models are loaded. */
  data: object | undefined;
  /** Before and with the request, which is the last line. */
  #lines: readonly string[] = [];
  /** Where its tensors lie in the input arena. */
  slots: readonly Slot[] = [];
  /** The running process has it. */
  isSent = false;
  /** Processes that died while they worked on it, and brought nothing new. */
  attempts = 0;
  /** Parts of the answer that the running process has sent. */
  parts = 0;
  /** Parts that the caller has not taken and worked on. */
  #outstanding = 0;
  /** What came in parts, from any process. */
  readonly #done: number[] = [];
  /** Runs from the moment that the caller gave up. */
  grace: NodeJS.Timeout | undefined;

  constructor(id: number, operation: string, data: object, facts: RequestFacts) {
    this.#id = id;
    this.#operation = operation;
    this.data = data;
    this.facts = facts;
  }

  /**
   * Copies what is asked: later changes to the caller's arrays have no effect.
   *
   * @param mayTakeRoom false: others wait for room already
   * @returns false: there is no room for its tensors now, but there will be
   * @throws InvalidArgumentError the data cannot be sent as it is
   */
  place(plane: DataPlane, mayTakeRoom: boolean): boolean {
    const { lane } = this.facts;
    const placed = plane.placeAll(mayTakeRoom, (place) => {
      const priority = lane === "background" ? lane : undefined;
      const data = encodeTensors(this.data, place);
      return JSON.stringify({ id: this.#id, operation: this.#operation, data, priority });
    });
    if (placed === undefined) return false;
    if (isTooLong(placed.value)) {
      plane.free(placed.slots);
      throw new InvalidArgumentError(
        "data",
        "at most 64 MiB of JSON (use typed arrays)",
        this.data,
      );
    }
    this.#lines = [...this.#uploads(placed.slots), placed.value];
    this.slots = placed.slots;
    if (!ModelRecord.concerns(this.#operation)) this.data = undefined;
    return true;
  }

  /**
   * Whether it counts among those that are on their way, until it is answered. A stream waits for its
   * caller's loop, which may wait for other calls.
   */
  get holdsPlace(): boolean {
    return this.facts.credit === undefined;
  }

  /** What is sent. A stream goes on where its caller is, also in a new process. */
  get lines(): readonly string[] {
    const { credit: window } = this.facts;
    const line = this.#lines.at(-1);
    if (window === undefined || line === undefined) return this.#lines;
    const credit = Math.max(0, window - this.#outstanding);
    const done = this.#done.length === 0 ? "" : `,"done":[${this.#done.join(",")}]`;
    // The ends of a host's lines are as their client wrote them.
    return this.#lines.with(-1, `${line.slice(0, -1)},"credit":${credit}${done}}`);
  }

  /**
   * A part of the answer has come: whatever its process dies of, it got further.
   *
   * @param indices what it brings
   */
  notePart(indices: readonly number[]): void {
    this.parts += 1;
    this.attempts = 0;
    this.#outstanding += 1;
    for (const index of indices) this.#done.push(index);
  }

  /** The caller has worked on a part, and wants one more. */
  notePartTaken(): void {
    this.#outstanding -= 1;
  }

  /** The tensors that have no room beside the lines and are too long for one. */
  *#uploads(slots: readonly Slot[]): Generator<string> {
    for (const [upload, { pieces = [] }] of slots.entries()) {
      for (const base64 of pieces) {
        yield JSON.stringify({ operation: "upload", data: { id: this.#id, upload, base64 } });
      }
    }
  }
}

/** UTF-8 takes at most three bytes for each unit of a string. */
function isTooLong(line: string): boolean {
  return line.length > MAX_LINE_BYTES / 3 && Buffer.byteLength(line) > MAX_LINE_BYTES;
}
