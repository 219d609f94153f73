/**
 * The calls of a bridge, over all its processes: what waits for room, what waits for its turn, what
 * the process has, and what of it was given up.
 */
import { type GrymError, QueueFullError, WireError } from "../errors.ts";
import { type Answer, type PartMessage, receivePart, settleAnswer } from "./answer.ts";
import type { Plane } from "./arena.ts";
import type { Priority, Progress } from "./call-options.ts";
import { LANES, type Lane, laneOf, type QueueOptions } from "./outbox.ts";
import { type CallTerms, type PendingCall, PendingCalls } from "./pending.ts";
import { DataPlane } from "./plane.ts";
import { Request, type RequestFacts } from "./request.ts";
import { RoomQueue } from "./room-queue.ts";
import { type Recipient, Sender } from "./sender.ts";
import type { SupervisorStats } from "./supervisor-stats.ts";
import type { Connector } from "./transport.ts";

export interface CallsHandlers {
  /** Whether any caller waits. */
  readonly onBusy: () => void;
  /** Whether the process works on another request than that one. */
  readonly worksOnAnother: (id: number) => boolean;
  /** A call that was given up is still worked on after the time that it has to stop. */
  readonly onStuck: (operation: string) => void;
  /** An answer has come, before its caller hears of it. */
  readonly onAnswer: (call: PendingCall | undefined, answer: Answer) => void;
}

export interface CallsOptions {
  /** The way to a process. */
  readonly connector: Connector;
  readonly plane: Plane | undefined;
  readonly queue: QueueOptions | undefined;
  readonly cancelGraceMs: number;
}

type CallStats = Pick<
  SupervisorStats,
  | ("plane" | "planeReason" | "arenaBytes" | "arenaUsed" | "inlineBytes")
  | ("waiting" | "queued" | "abandoned")
>;

const MAX_QUEUED = 10_000;

/** Takes calls, sends them in their turn, and settles them with what comes back. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #handlers: CallsHandlers;
  readonly #maxQueued: number;
  readonly #pending: PendingCalls;
  readonly #sender: Sender;
  readonly #unplaced = new RoomQueue();
  /** Of pings, which no caller waits for. */
  readonly #pings = new Set<number>();
  #plane: DataPlane | undefined;
  #nextId = 1;

  constructor(options: CallsOptions, handlers: CallsHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#maxQueued = options.queue?.maxQueued ?? MAX_QUEUED;
    this.#sender = new Sender(options.queue, (id) => this.#requestOf(id));
    this.#pending = new PendingCalls({
      onAbandon: (id) => this.#abandon(id),
      onBusy: handlers.onBusy,
    });
  }

  /** The memory beside the lines; it is made when it is needed first. */
  get plane(): DataPlane {
    this.#plane ??= new DataPlane(
      this.#options.plane,
      this.#options.queue?.maxArenaBytes,
      this.#options.connector.ownsOutput,
    );
    return this.#plane;
  }

  /** Callers that wait for an answer. */
  get waiting(): number {
    return this.#pending.waiting;
  }

  /** Counts of calls, and the memory that they take. */
  get stats(): CallStats {
    const { size, used, inlineBytes } = this.#plane?.usage ?? { size: 0, used: 0, inlineBytes: 0 };
    return {
      plane: this.#plane?.plane,
      planeReason: this.#plane?.reason,
      waiting: this.#pending.waiting,
      queued: LANES.reduce((sum, lane) => sum + this.#queuedIn(lane), 0),
      abandoned: this.#pending.abandoned,
      arenaBytes: size,
      arenaUsed: used,
      inlineBytes,
    };
  }

  has(id: number): boolean {
    return this.#pending.get(id) !== undefined;
  }

  /** Calls that Python has not answered, oldest first. */
  entries(): (readonly [id: number, call: PendingCall])[] {
    return this.#pending.entries();
  }

  /** @throws QueueFullError as many wait as may; those in the background are not in a user's way */
  refuseWhenFull(operation: string, priority: Priority): void {
    const lane = laneOf(operation, priority);
    if (lane === "immediate" || this.#queuedIn(lane) < this.#maxQueued) return;
    throw new QueueFullError(operation, this.#maxQueued);
  }

  /**
   * Sends a request as soon as it may be sent.
   *
   * @throws InvalidArgumentError the data cannot be sent as it is
   */
  ask(
    operation: string,
    data: object,
    terms: CallTerms,
    { credit, isOwn = false }: Partial<Pick<RequestFacts, "credit" | "isOwn">> = {},
  ): Promise<unknown> {
    const id = this.#nextId++;
    const lane = laneOf(operation, terms.priority);
    const request = new Request(id, operation, data, { lane, isOwn, credit });
    const isPlaced = request.place(this.plane, this.#unplaced.mayTakeRoom(lane));
    const answer = this.#pending.open(id, operation, request, terms);
    (isPlaced ? this.#sender : this.#unplaced).add(id, lane);
    this.#sender.send();
    return answer;
  }

  /** Asks for a sign of life; the answer has no other use. */
  ping(): void {
    const id = this.#nextId++;
    this.#pings.add(id);
    this.#sender.tell("ping", {}, id);
  }

  /**
   * A new process is asked what the one before has not answered.
   *
   * @param prepare makes the calls that come before all others
   */
  begin(recipient: Recipient, prepare: () => void): void {
    const waiting = this.#pending.entries();
    this.#sender.reset(); // nothing is sent before what comes first
    this.#pings.clear();
    prepare();
    for (const [id, { attachment }] of waiting) {
      const { lane } = attachment.facts;
      attachment.parts = 0;
      if (!this.#unplaced.has(id, lane)) this.#sender.add(id, lane);
    }
    this.#sender.begin(recipient);
  }

  /** The process reads again. */
  resume(): void {
    this.#sender.resume();
  }

  progress(id: number, progress: Progress): void {
    this.#pending.progress(id, progress);
  }

  /** @returns whether it was asked for */
  receiveAnswer(message: Answer): boolean {
    const id = typeof message.id === "number" ? message.id : 0;
    const call = this.#takeSent(id);
    try {
      this.#handlers.onAnswer(call, message);
    } catch (error) {
      call?.reject(
        new WireError(`The answer to \`${call.operation}\` makes no sense`, { cause: error }),
      );
    }
    this.#sender.giveBack(settleAnswer(call, message, this.plane));
    if (call) this.#forget(call);
    return call !== undefined || this.#pings.delete(id);
  }

  receivePart(message: PartMessage): void {
    const { id } = message;
    if (typeof id !== "number") return;
    const call = this.#pending.get(id);
    const wasWaiting = call?.isWaiting;
    const grant = (): void => {
      // What is sent anew says itself how many parts are wanted.
      if (call?.isWaiting && call.attachment.isSent) this.#sender.tell("credit", { id, count: 1 });
    };
    this.#sender.giveBack(receivePart(call, message, this.plane, grant));
    if (wasWaiting && !call?.isWaiting) this.#abandon(id); // it could not be received
  }

  /** An answer that was too long to keep still settles its call. */
  receiveOversize(id: number): void {
    const call = this.#takeSent(id);
    if (call === undefined) return;
    this.#forget(call);
    call.reject(new WireError(`The answer to \`${call.operation}\` was longer than a line may be`));
  }

  /** What was not sent cannot be answered. */
  #takeSent(id: number): PendingCall | undefined {
    return this.#pending.get(id)?.attachment.isSent ? this.#pending.take(id) : undefined;
  }

  /** Python will not answer a call. */
  drop(id: number, reason: (call: PendingCall) => unknown): void {
    this.#remove(id, reason);
    this.#placeMore();
    this.#sender.send();
  }

  dropAll(reason: (call: PendingCall) => unknown): void {
    for (const [id] of this.#pending.entries()) this.#remove(id, reason);
  }

  #remove(id: number, reason: (call: PendingCall) => unknown): void {
    const call = this.#pending.take(id);
    if (call === undefined) return;
    const { lane } = call.attachment.facts;
    this.#unplaced.remove(id, lane);
    this.#sender.remove(id, lane);
    this.#free(call.attachment);
    call.reject(reason(call)); // which changes nothing where nobody waits
  }

  /** Tells every caller that it is over, and Python to stop. */
  abandonAll(reason: () => GrymError): void {
    this.#pending.abandonAll(reason);
  }

  /** There will be no other process. A host's may still read what we have sent: no slot is freed. */
  close(): void {
    this.#sender.reset();
    this.#plane?.close();
    this.#plane = undefined;
    this.dropAll(() => undefined);
  }

  #requestOf(id: number): Request {
    const call = this.#pending.get(id);
    if (call === undefined) throw new Error(`unreachable: request ${id} waits, and nobody asked`);
    return call.attachment;
  }

  #queuedIn(lane: Lane): number {
    return this.#sender.queuedIn(lane) + this.#unplaced.sizeOf(lane);
  }

  /** Those that waited for room longest come first, also where a smaller one would fit. */
  #placeMore(): void {
    for (const [id, lane] of this.#unplaced.inOrder()) if (!this.#tryPlace(id, lane)) return;
  }

  /** @returns false: there is no room yet */
  #tryPlace(id: number, lane: Lane): boolean {
    const call = this.#pending.get(id);
    try {
      if (call?.attachment.place(this.plane, true) === false) return false;
      if (call !== undefined) this.#sender.add(id, lane);
    } catch (error) {
      this.#pending.take(id);
      call?.reject(error);
    }
    this.#unplaced.remove(id, lane);
    return true;
  }

  /** The caller gave up: Python is told to stop, and nothing where it does not have the call yet. */
  #abandon(id: number): void {
    const call = this.#pending.get(id);
    if (!call?.attachment.isSent) {
      this.drop(id, () => undefined);
      return;
    }
    this.#sender.tell("cancel", { id });
    this.#watchGrace(id, call);
  }

  #watchGrace(id: number, call: PendingCall): void {
    clearTimeout(call.attachment.grace);
    call.attachment.grace = setTimeout(() => {
      // Where it waits behind another one, that is not to pay for it.
      if (this.#handlers.worksOnAnother(id)) this.#watchGrace(id, call);
      else this.#handlers.onStuck(call.operation);
    }, this.#options.cancelGraceMs).unref();
  }

  /** Python has answered: its memory is free, and so is its place. */
  #forget({ attachment }: PendingCall): void {
    this.#free(attachment);
    this.#sender.noteAnswered(attachment);
    this.#placeMore();
    this.#sender.send();
  }

  #free(request: Request): void {
    clearTimeout(request.grace);
    this.#plane?.free(request.slots);
  }
}
