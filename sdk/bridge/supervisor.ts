/**
 * The calls, and the processes that answer them, one after the other. When a process dies, the
 * next one loads the models again and is asked what the old one had not answered.
 */
import {
  ClosedError,
  type GrymError,
  type ProcessEnd,
  ProcessExitError,
  QueueFullError,
  WireError,
} from "../errors.ts";
import { type Answer, settleAnswer } from "./answer.ts";
import type { Plane } from "./arena.ts";
import { type CallOptions, validateTimeout } from "./call-options.ts";
import { describeCrash, judgeCrash, tooOften } from "./crash.ts";
import { ModelRecord } from "./model-record.ts";
import { Outbox, type QueueOptions } from "./outbox.ts";
import { type PendingCall, PendingCalls } from "./pending.ts";
import { DataPlane } from "./plane.ts";
import type { Ready } from "./protocol.gen.ts";
import { makeRequest, type Request } from "./request.ts";
import { type RestartOptions, RestartPolicy } from "./restart-policy.ts";
import { type LogEntry, Session, type StartFailure } from "./session.ts";
import type { Connector, HostReference, TransportEnd } from "./transport.ts";
import { Watchdog, type WatchdogOptions } from "./watchdog.ts";

export interface SupervisorOptions {
  /** The way to a process. */
  readonly connector: Connector;
  readonly plane: Plane | undefined;
  readonly startTimeoutMs: number;
  readonly cancelGraceMs: number;
  readonly restart: RestartOptions | undefined;
  readonly queue: QueueOptions | undefined;
  readonly watchdog: WatchdogOptions | undefined;
  readonly onLog: ((entry: LogEntry) => void) | undefined;
}

/** Counts over all processes of a bridge. */
export interface SupervisorStats {
  readonly pid: number | undefined;
  /** The host that owns the process; undefined where it is ours. */
  readonly host: HostReference | undefined;
  readonly plane: Plane;
  readonly planeReason: string | undefined;
  /** Processes started: 1 + restarts. */
  readonly starts: number;
  readonly calls: number;
  readonly waiting: number;
  /** Of the waiting: those that the process does not have yet. */
  readonly queued: number;
  readonly abandoned: number;
  /** Requests that were asked again of a new process. */
  readonly repeated: number;
  readonly discardedLines: number;
  readonly arenaBytes: number;
  readonly arenaUsed: number;
}

/** Processes in a row that may be killed before they are ready. */
const NEVER_READY = 3;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #policy: RestartPolicy;
  readonly #models = new ModelRecord();
  readonly #calls: PendingCalls<Request>;
  readonly #outbox: Outbox;
  readonly #watchdog: Watchdog;
  #plane: DataPlane | undefined;
  #session: Session | undefined;
  #restart: NodeJS.Timeout | undefined;
  #readyWaiters: PromiseWithResolvers<Ready>[] = [];
  #lastEnd: ProcessEnd | undefined;
  #isClosed = false;
  #nextId = 1;
  #starts = 0;
  #callCount = 0;
  #repeated = 0;
  #discardedLines = 0;
  /** The process reads slower than we write. */
  #isChoked = false;
  /** Answers of the running process. */
  #answers = 0;
  /** Processes in a row that were killed before they were ready. */
  #neverReady = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.restart);
    this.#outbox = new Outbox(options.queue);
    this.#watchdog = new Watchdog(options.watchdog, {
      pid: () => this.pid,
      isNeeded: () => this.#session?.ready !== undefined && this.#calls.waiting > 0,
      ping: () => this.#tell("ping", {}, this.#nextId++),
      kill: () => this.#session?.kill(),
      tell: (text) => this.#tellUser(text),
    });
    this.#calls = new PendingCalls({
      onAbandon: (id) => this.#abandon(id),
      onBusy: () => this.#updateHold(),
    });
  }

  /** Process id of the running process. */
  get pid(): number | undefined {
    return this.#session?.isRunning ? this.#session.pid : undefined;
  }

  /** Number of the running process: 1 for the first, 0 while none runs. */
  get processNumber(): number {
    return this.#session?.isRunning ? this.#starts : 0;
  }

  get stats(): SupervisorStats {
    return {
      pid: this.pid,
      host: this.#session?.isRunning ? this.#session.host : undefined,
      plane: this.#plane?.plane ?? "json",
      planeReason: this.#plane?.reason,
      starts: this.#starts,
      calls: this.#callCount,
      waiting: this.#calls.waiting,
      queued: this.#outbox.queued,
      abandoned: this.#calls.abandoned,
      repeated: this.#repeated,
      discardedLines: this.#discardedLines + (this.#session?.discardedLines ?? 0),
      arenaBytes: this.#plane?.usage.size ?? 0,
      arenaUsed: this.#plane?.usage.used ?? 0,
    };
  }

  /** Starts a process where none runs; resolves when it has said `ready`. */
  async ready(): Promise<Ready> {
    this.#refuseWhileCrashing("initialize");
    this.#ensureProcess();
    const ready = this.#session?.ready;
    if (ready && this.#session?.isRunning) return ready;
    const waiter = Promise.withResolvers<Ready>();
    this.#readyWaiters.push(waiter);
    this.#updateHold();
    return await waiter.promise;
  }

  /** Sends a request at once, or to the next process where none runs. */
  call(operation: string, data: object, options: CallOptions): Promise<unknown> {
    validateTimeout(options.timeoutMs);
    options.signal?.throwIfAborted();
    this.#refuseWhileCrashing(operation);
    if (this.#outbox.queued >= this.#outbox.maxQueued) {
      throw new QueueFullError(operation, this.#outbox.maxQueued);
    }
    this.#ensureProcess();
    this.#callCount += 1;
    return this.#ask(operation, data, options, false);
  }

  /** Tells every caller that it is over, then ends the process. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    const closed = (): GrymError => new ClosedError("bridge");
    this.#calls.abandonAll(closed);
    this.#rejectReady(closed());
    await this.#session?.stop();
    this.#close();
  }

  #ask(operation: string, data: object, options: CallOptions, isOwn: boolean): Promise<unknown> {
    const id = this.#nextId++;
    const { priority = "user" } = options;
    const request = makeRequest(id, operation, data, this.#openPlane(), { priority, isOwn });
    const answer = this.#calls.open(id, operation, request, options);
    this.#outbox.add(id, priority);
    this.#pump();
    return answer;
  }

  /** Sends what waits, as far as the process may have it and reads it. */
  #pump(): void {
    const session = this.#session;
    while (session?.isRunning && !this.#isChoked) {
      const id = this.#outbox.take();
      if (id === undefined) return;
      const call = this.#calls.get(id);
      if (call === undefined) {
        this.#outbox.done(); // given up while it waited
        continue;
      }
      call.attachment.isSent = true;
      this.#isChoked = !session.write(call.attachment.line);
    }
  }

  /** The caller gave up: Python is told to stop, and nothing where it does not have the call yet. */
  #abandon(id: number): void {
    const call = this.#calls.get(id);
    if (!call?.attachment.isSent) {
      this.#drop(id, () => undefined);
      return;
    }
    this.#tell("cancel", { id }, this.#nextId++);
    const { cancelGraceMs } = this.#options;
    call.attachment.grace = setTimeout(() => {
      const seconds = cancelGraceMs / 1000;
      this.#tellUser(
        `\`${call.operation}\` did not stop within ${seconds} s of being given up: its process is killed.`,
      );
      this.#session?.kill();
    }, cancelGraceMs);
    call.attachment.grace.unref();
  }

  #openPlane(): DataPlane {
    const { plane, connector } = this.#options;
    this.#plane ??= new DataPlane(plane, connector.ownsOutput);
    return this.#plane;
  }

  /** One process runs, or will after the back-off. */
  #ensureProcess(): void {
    // One that has ended and is not read to its end yet: what waits is asked again then.
    if (this.#session !== undefined || this.#restart !== undefined) return;
    this.#start();
  }

  #start(): void {
    this.#restart = undefined;
    const plane = this.#openPlane();
    const { startTimeoutMs, connector } = this.#options;
    this.#lastEnd = undefined;
    this.#answers = 0;
    const session = new Session(
      { open: (handlers) => connector.open(plane, handlers), startTimeoutMs },
      {
        onReady: (ready) => this.#receiveReady(ready),
        onAnswer: (message) => this.#receiveAnswer(message),
        onProgress: ({ id, data: { stage, done, total, unit = "", message = "" } }) => {
          if (typeof id === "number")
            this.#calls.progress(id, { stage, done, total, unit, message });
        },
        onOversize: (id) => this.#receiveOversize(id),
        onLog: (entry) => this.#log(entry),
        onHeard: () => this.#watchdog.heard(),
        onDrain: () => {
          this.#isChoked = false;
          this.#pump();
        },
        onEnd: (...end) => this.#receiveEnd(...end),
      },
    );
    this.#session = session;
    this.#starts += 1;
    const waiting = this.#calls.entries();
    this.#outbox.clear();
    this.#isChoked = false;
    if (this.#starts > 1) this.#loadAgain();
    for (const [id, { attachment }] of waiting) this.#outbox.add(id, attachment.priority);
    this.#pump();
    this.#watchdog.start();
    this.#updateHold();
  }

  /** Before anything that may need them; what cannot be loaded any more fails where it is needed. */
  #loadAgain(): void {
    for (const load of this.#models.loads) {
      this.#ask("load_model", load, {}, true).catch((error: unknown) => {
        if (error instanceof ProcessExitError && error.attempts < this.#policy.maxAttempts) return;
        this.#models.forget(load);
        this.#log({
          source: "bridge",
          text: `${load.model} was not loaded again: ${String(error)}`,
        });
      });
    }
  }

  #receiveReady(ready: Ready): void {
    this.#neverReady = 0;
    for (const waiter of this.#readyWaiters.splice(0)) waiter.resolve(ready);
    this.#updateHold();
  }

  #receiveAnswer(message: Answer): void {
    this.#answers += 1;
    this.#policy.noteAnswer();
    const call = typeof message.id === "number" ? this.#calls.take(message.id) : undefined;
    if (call?.attachment.data && "result" in message) {
      this.#models.note(call.operation, call.attachment.data, message.result);
    }
    const generations = settleAnswer(call, message, this.#openPlane());
    if (call) this.#forget(call);
    if (generations.length > 0) this.#tell("release", { generations });
  }

  /** Python has answered: its memory is free, and so is its place. */
  #forget({ attachment }: PendingCall<Request>): void {
    clearTimeout(attachment.grace);
    this.#plane?.free(attachment.slots);
    if (attachment.isSent) this.#outbox.done();
    this.#pump();
  }

  /** An answer that was too long to keep still settles its call. */
  #receiveOversize(id: number): void {
    const call = this.#calls.take(id);
    if (call === undefined) return;
    this.#forget(call);
    call.reject(new WireError(`The answer to \`${call.operation}\` was longer than a line may be`));
  }

  #receiveEnd(
    end: ProcessEnd,
    failure: StartFailure | undefined,
    running: TransportEnd["running"],
  ): void {
    this.#lastEnd = end;
    this.#discardedLines += this.#session?.discardedLines ?? 0;
    this.#session = undefined;
    this.#watchdog.stop();
    if (this.#isClosed) {
      this.#close();
      return;
    }
    this.#neverReady += Number(failure !== undefined);
    if (failure !== undefined && !(failure.wasKilled && this.#neverReady < NEVER_READY)) {
      this.#neverReady = 0;
      this.#rejectReady(failure.error);
      for (const [id] of this.#calls.entries()) this.#drop(id, () => failure.error);
      return;
    }
    const now = performance.now();
    const wait = this.#policy.noteCrash(now);
    const answers = failure === undefined ? this.#answers : undefined;
    const crash = { end, running, answers };
    const { maxAttempts } = this.#policy;
    for (const [id, error] of judgeCrash(this.#calls.entries(), crash, this.#models, maxAttempts)) {
      this.#drop(id, () => error);
    }
    const isTooOften = this.#policy.closedFor(now) > 0;
    if (isTooOften) {
      for (const [id] of this.#calls.entries()) {
        this.#drop(id, ({ operation, attachment }) =>
          tooOften(operation, end, attachment.attempts),
        );
      }
      this.#rejectReady(tooOften("initialize", end, 0));
    }
    const waiting = this.#calls.entries();
    if (waiting.length === 0 && this.#readyWaiters.length === 0) return;
    this.#repeated += waiting.length;
    this.#tellUser(describeCrash(end, this.#models, waiting.length, wait));
    this.#restart = setTimeout(() => this.#startAgain(), wait);
  }

  /** Nobody hears an exception of a timer: who waits is told. */
  #startAgain(): void {
    try {
      this.#start();
    } catch (error) {
      this.#lastEnd ??= { exitCode: null, signal: null, stderrTail: "" };
      for (const waiter of this.#readyWaiters.splice(0)) waiter.reject(error);
      for (const [id] of this.#calls.entries()) this.#drop(id, () => error);
    }
  }

  #drop(id: number, reason: (call: PendingCall<Request>) => unknown): void {
    const call = this.#calls.take(id);
    if (call === undefined) return;
    clearTimeout(call.attachment.grace);
    this.#plane?.free(call.attachment.slots);
    call.reject(reason(call)); // which changes nothing where nobody waits
  }

  /** One line for the notebook, in the cell that waits. */
  #tellUser(text: string): void {
    this.#log({ source: "bridge", text });
    if (this.#options.onLog !== undefined) return;
    const waiting = this.#calls.entries().find(([, { isWaiting }]) => isWaiting);
    waiting?.[1].inContext(() => console.warn(text));
  }

  #refuseWhileCrashing(operation: string): void {
    if (this.#isClosed) throw new ClosedError("bridge");
    if (this.#lastEnd === undefined || this.#policy.closedFor(performance.now()) === 0) return;
    throw tooOften(operation, this.#lastEnd, 0);
  }

  #tell(operation: "cancel" | "release" | "ping", data: object, id?: number): void {
    if (!this.#session?.isRunning) return;
    this.#session.write(JSON.stringify({ id, operation, data }));
  }

  /** In a turn of its own: an error of the listener must not cost the lines that follow. */
  #log(entry: LogEntry): void {
    const { onLog } = this.#options;
    if (onLog) queueMicrotask(() => onLog(entry));
  }

  #rejectReady(error: GrymError): void {
    for (const waiter of this.#readyWaiters.splice(0)) waiter.reject(error);
  }

  /** Node stays alive as long as someone waits for this process, and no longer. */
  #updateHold(): void {
    this.#session?.hold(this.#calls.waiting > 0 || this.#readyWaiters.length > 0);
  }

  #close(): void {
    this.#plane?.close();
    this.#plane = undefined;
    this.#options.connector.close();
  }
}
