/**
 * The processes of a bridge, one after the other. When one dies, the next one loads the models
 * again and is asked what the old one had not answered.
 */
import { ClosedError, type ProcessEnd } from "../errors.ts";
import type { Answer } from "./answer.ts";
import { validateTimeout } from "./call-options.ts";
import { Calls, type CallsOptions } from "./calls.ts";
import { describeCrash, judgeCrash, tooOften } from "./crash.ts";
import { loadAgain } from "./load-again.ts";
import type { LogEntry } from "./log-entry.ts";
import { ModelRecord } from "./model-record.ts";
import { Notices } from "./notices.ts";
import type { CallTerms, PendingCall } from "./pending.ts";
import type { Ready } from "./protocol.gen.ts";
import { ReadyWaiters } from "./ready-waiters.ts";
import { type RestartOptions, RestartPolicy } from "./restart-policy.ts";
import { Session, type SessionHandlers, type StartFailure } from "./session.ts";
import type { SupervisorStats } from "./supervisor-stats.ts";
import type { TransportEnd } from "./transport.ts";
import { Watchdog, type WatchdogOptions } from "./watchdog.ts";

export interface SupervisorOptions extends CallsOptions {
  readonly startTimeoutMs: number;
  readonly restart: RestartOptions | undefined;
  readonly watchdog: WatchdogOptions | undefined;
  readonly onLog: ((entry: LogEntry) => void) | undefined;
}

/** Processes in a row that may be killed before they are ready. */
const NEVER_READY = 3;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #policy: RestartPolicy;
  readonly #models = new ModelRecord();
  readonly #calls: Calls;
  readonly #watchdog: Watchdog;
  readonly #notices: Notices;
  #session: Session | undefined;
  #restart: NodeJS.Timeout | undefined;
  readonly #readyWaiters = new ReadyWaiters();
  /** Of the process before; undefined again where another one was started. */
  #lastEnd: ProcessEnd | undefined;
  #lastCrash: ProcessEnd | undefined;
  #isClosed = false;
  #starts = 0;
  #callCount = 0;
  #repeated = 0;
  #discardedLines = 0;
  /** Processes in a row that were killed before they were ready. */
  #neverReady = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.restart);
    this.#notices = new Notices(options.onLog);
    this.#calls = new Calls(options, {
      onBusy: () => this.#updateHold(),
      worksOnAnother: (id) => this.#session?.worksOnAnother(id) ?? false,
      onStuck: (operation) => this.#endStuck(operation),
      onAnswer: (call, answer) => this.#noteAnswer(call, answer),
    });
    this.#watchdog = new Watchdog(options.watchdog, {
      pid: () => this.pid,
      isNeeded: () => this.#session?.ready !== undefined && this.#calls.waiting > 0,
      ping: () => this.#calls.ping(),
      kill: () => this.#session?.kill(),
      tell: (text) => this.#tellUser(text),
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
      ...this.#calls.stats,
      starts: this.#starts,
      lastCrash: this.#lastCrash,
      calls: this.#callCount,
      repeated: this.#repeated,
      discardedLines: this.#discardedLines + (this.#session?.discardedLines ?? 0),
    };
  }

  /** Starts a process where none runs; resolves when it has said `ready`. */
  async ready({ signal, timeoutMs }: Pick<CallTerms, "signal" | "timeoutMs">): Promise<Ready> {
    validateTimeout(timeoutMs);
    signal?.throwIfAborted();
    this.#refuseWhileCrashing("initialize");
    this.#ensureProcess();
    const ready = this.#session?.ready;
    if (ready && this.#session?.isRunning) return ready;
    const waiter = this.#readyWaiters.add({ signal, timeoutMs });
    this.#updateHold();
    return await waiter.finally(() => this.#updateHold());
  }

  /**
   * Sends a request at once, or to the next process where none runs.
   *
   * @param credit parts of the answer that may be on their way at once; undefined: it comes whole
   */
  call(operation: string, data: object, terms: CallTerms, credit?: number): Promise<unknown> {
    validateTimeout(terms.timeoutMs);
    terms.signal?.throwIfAborted();
    this.#refuseWhileCrashing(operation);
    this.#calls.refuseWhenFull(operation, terms.priority ?? "user");
    this.#ensureProcess();
    this.#callCount += 1;
    return this.#calls.ask(operation, data, terms, { credit });
  }

  /** Tells every caller that it is over, then ends the process. */
  async stop(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    this.#calls.abandonAll(() => new ClosedError("bridge"));
    this.#readyWaiters.reject(() => new ClosedError("bridge"));
    await this.#session?.stop();
    this.#close();
  }

  /** One process runs, or will after the back-off. */
  #ensureProcess(): void {
    // One that has ended and is not read to its end yet: what waits is asked again then.
    if (this.#session !== undefined || this.#restart !== undefined) return;
    this.#start();
  }

  #start(): void {
    this.#restart = undefined;
    const { plane } = this.#calls;
    const { startTimeoutMs, connector } = this.#options;
    this.#lastEnd = undefined;
    const session = new Session(
      { open: (handlers) => connector.open(plane, handlers), startTimeoutMs },
      this.#handlers(),
    );
    this.#session = session;
    this.#starts += 1;
    this.#calls.begin(session, () => this.#starts > 1 && this.#loadAgain());
    this.#watchdog.start();
    this.#updateHold();
  }

  #handlers(): SessionHandlers {
    return {
      onReady: (ready) => this.#receiveReady(ready),
      onAnswer: (message) => {
        this.#policy.noteAnswer();
        return this.#calls.receiveAnswer(message);
      },
      onProgress: ({ id, data: { stage, done, total, unit = "", message = "" } }) => {
        if (typeof id === "number") this.#calls.progress(id, { stage, done, total, unit, message });
      },
      onPart: (message) => {
        this.#policy.noteAnswer();
        this.#calls.receivePart(message);
      },
      onOversize: (id) => this.#calls.receiveOversize(id),
      onLog: (entry) => this.#notices.log(entry),
      onHeard: () => this.#watchdog.heard(),
      onDrain: () => this.#calls.resume(),
      onEnd: (...end) => this.#receiveEnd(...end),
    };
  }

  #loadAgain(): void {
    loadAgain(this.#models, this.#calls, this.#policy.maxAttempts, (text) =>
      this.#notices.log({ level: "error", source: "bridge", text }),
    );
  }

  #receiveReady(ready: Ready): void {
    this.#neverReady = 0;
    this.#readyWaiters.resolve(ready);
    this.#updateHold();
  }

  #noteAnswer(call: PendingCall | undefined, answer: Answer): void {
    if (call?.attachment.data && "result" in answer) {
      this.#models.note(call.operation, call.attachment.data, answer.result);
    }
  }

  #endStuck(operation: string): void {
    const seconds = this.#options.cancelGraceMs / 1000;
    this.#tellUser(
      `\`${operation}\` did not stop within ${seconds} s of being given up: its process is killed.`,
    );
    this.#session?.kill();
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
    this.#lastCrash = end;
    this.#neverReady += Number(failure !== undefined);
    if (failure !== undefined && !(failure.wasKilled && this.#neverReady < NEVER_READY)) {
      this.#neverReady = 0;
      this.#readyWaiters.reject(failure.makeError);
      this.#calls.dropAll(failure.makeError);
      return;
    }
    const sent = this.#calls.entries().filter(([, { attachment }]) => attachment.isSent);
    const wait = this.#settleCrash(end, running, failure === undefined);
    if (!this.#isAwaited) return;
    const repeated = sent.filter(([id]) => this.#calls.has(id)).length;
    this.#repeated += repeated;
    this.#tellUser(describeCrash(end, this.#models, repeated, wait));
    this.#restart = setTimeout(() => this.#startAgain(), wait);
  }

  /**
   * Ends the calls that no other process is asked.
   *
   * @returns time until the next process may start, milliseconds
   */
  #settleCrash(end: ProcessEnd, running: TransportEnd["running"], wasReady: boolean): number {
    const now = performance.now();
    const wait = this.#policy.noteCrash(now);
    const { maxAttempts } = this.#policy;
    const crash = { end, running, wasReady };
    for (const [id, error] of judgeCrash(this.#calls.entries(), crash, this.#models, maxAttempts)) {
      this.#calls.drop(id, () => error);
    }
    if (this.#policy.closedFor(now) > 0) {
      this.#calls.dropAll(({ operation, attachment }) =>
        tooOften(operation, end, attachment.attempts),
      );
      this.#readyWaiters.reject(() => tooOften("initialize", end, 0));
    }
    return wait;
  }

  /** Nobody hears an exception of a timer: who waits is told. */
  #startAgain(): void {
    if (!this.#isAwaited) {
      this.#restart = undefined; // who waited has given up meanwhile
      return;
    }
    try {
      this.#start();
    } catch (error) {
      this.#lastEnd ??= { exitCode: null, signal: null, stderrTail: "" };
      this.#readyWaiters.reject(() => error);
      this.#calls.dropAll(() => error);
    }
  }

  #tellUser(text: string): void {
    this.#notices.tell(
      text,
      this.#calls.entries().map(([, call]) => call),
    );
  }

  #refuseWhileCrashing(operation: string): void {
    if (this.#isClosed) throw new ClosedError("bridge");
    if (this.#lastEnd === undefined || this.#policy.closedFor(performance.now()) === 0) return;
    throw tooOften(operation, this.#lastEnd, 0);
  }

  /** Whether anyone waits for a process. */
  get #isAwaited(): boolean {
    return this.#calls.entries().length > 0 || this.#readyWaiters.count > 0;
  }

  /** Node stays alive as long as someone waits for this process, and no longer. */
  #updateHold(): void {
    this.#session?.hold(this.#calls.waiting > 0 || this.#readyWaiters.count > 0);
  }

  #close(): void {
    this.#calls.close();
    this.#options.connector.close();
  }
}
