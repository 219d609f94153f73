/** One run of the Python process: lines out, messages in. It knows no calls. */
import { type GrymError, type ProcessEnd, ProcessStartError } from "../errors.ts";
import type { Answer, PartMessage } from "./answer.ts";
import { diagnosePython } from "./find-python.ts";
import { describeLog, type LogEntry } from "./log-entry.ts";
import {
  type Log,
  MAX_LINE_BYTES,
  type Message,
  PROTOCOL_VERSION,
  type Ready,
} from "./protocol.gen.ts";
import type { HostReference, Transport, TransportEnd, TransportHandlers } from "./transport.ts";

export interface SessionOptions {
  /** Makes the way to the process. */
  readonly open: (handlers: TransportHandlers) => Transport;
  readonly startTimeoutMs: number;
}

/** Why a process that was never ready ended. */
export interface StartFailure {
  /** For each caller an error of its own: it gets that caller's stack. */
  readonly makeError: () => GrymError;
  /** It was killed by someone else: another one may live. */
  readonly wasKilled: boolean;
}

/** What a session tells its owner. */
export interface SessionHandlers {
  readonly onReady: (ready: Ready) => void;
  /** @returns whether it was asked for */
  readonly onAnswer: (message: Answer) => boolean;
  readonly onProgress: (message: Extract<Message, { event: "progress" }>) => void;
  readonly onPart: (message: PartMessage) => void;
  /** An answer that was too long to keep. */
  readonly onOversize: (id: number) => void;
  readonly onLog: (entry: LogEntry) => void;
  /** The process has written something. */
  readonly onHeard: () => void;
  /** The process has read what was written. */
  readonly onDrain: () => void;
  /** Called once, after every line was received. `failure`: nobody should try again by itself. */
  readonly onEnd: (
    end: ProcessEnd,
    failure: StartFailure | undefined,
    running: TransportEnd["running"],
  ) => void;
}

export class Session {
  readonly #handlers: SessionHandlers;
  readonly #transport: Transport;
  readonly #startTimer: NodeJS.Timeout;
  #ready: Ready | undefined;
  #startFailure: string | undefined;
  discardedLines = 0;

  /** @throws ProcessStartError the process cannot even be spawned */
  constructor(options: SessionOptions, handlers: SessionHandlers) {
    this.#handlers = handlers;
    this.#transport = options.open({
      onLine: (line) => this.#receive(line),
      onOversize: (head) => this.#receiveOversize(head),
      onStderr: (text) => handlers.onLog({ level: "info", source: "stderr", text }),
      onDiscard: (text) => this.#discard(text),
      onHeard: handlers.onHeard,
      onDrain: handlers.onDrain,
      onEnd: (end) => void this.#finish(end),
    });
    this.#startTimer = setTimeout(() => {
      this.#failStart(`it was not ready within ${options.startTimeoutMs / 1000} s`);
    }, options.startTimeoutMs);
    this.#startTimer.unref();
  }

  get pid(): number | undefined {
    return this.#transport.pid;
  }

  get isRunning(): boolean {
    return this.#transport.isRunning;
  }

  get host(): HostReference | undefined {
    return this.#transport.host;
  }

  /** Whether another request than that one is worked on; false where nobody knows. */
  worksOnAnother(id: number): boolean {
    return this.#transport.worksOnAnother(id);
  }

  get ready(): Ready | undefined {
    return this.#ready;
  }

  /** Sends a line; Python queues what comes before it is ready. @returns false: wait for `onDrain` */
  write(line: string): boolean {
    return this.#transport.write(line);
  }

  /** Whether the process keeps Node alive. */
  hold(isNeeded: boolean): void {
    this.#transport.hold(isNeeded);
  }

  kill(): void {
    this.#transport.kill();
  }

  async stop(): Promise<void> {
    await this.#transport.stop();
  }

  #receive(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message; // the envelope is checked below, field by field
    } catch {
      this.#discard(`not JSON: ${line.slice(0, 200)}`); // newline framing: the next line is whole
      return;
    }
    try {
      this.#receiveMessage(message, line);
    } catch (error) {
      // Whatever is wrong with it, the lines behind it are read.
      this.#discard(`a message that cannot be received (${error}): ${line.slice(0, 200)}`);
    }
  }

  #receiveMessage(message: Message, line: string): void {
    if (typeof message !== "object" || message === null) this.#discard(line.slice(0, 200));
    else if ("event" in message) this.#receiveEvent(message, line);
    else if (!("id" in message)) this.#discard(`neither answer nor event: ${line.slice(0, 200)}`);
    else if (!this.#handlers.onAnswer(message)) {
      this.#discard(`an answer that nobody waits for: ${line.slice(0, 200)}`);
    }
  }

  #receiveEvent(message: Extract<Message, { event: string }>, line: string): void {
    const data: unknown = message.data;
    if (typeof data !== "object" || data === null) {
      this.#discard(`an event without data: ${line.slice(0, 200)}`);
    } else if (message.event === "ready") this.#receiveReady(message.data);
    else if (message.event === "progress") this.#handlers.onProgress(message);
    else if (message.event === "part") this.#handlers.onPart(message);
    else if (message.event === "log") {
      this.#receiveLog(message.data);
    }
  }

  #receiveLog(log: Log): void {
    const { level, message: text, logger } = log;
    this.#transport.note(describeLog(log));
    this.#handlers.onLog({
      level,
      source: logger === undefined ? "wire" : "logging",
      logger,
      text,
    });
  }

  #receiveReady(ready: Ready): void {
    if (ready.protocol !== PROTOCOL_VERSION) {
      this.#failStart(
        `it speaks protocol ${ready.protocol}, this SDK speaks ${PROTOCOL_VERSION}. ` +
          "Run `npm run setup`",
      );
      return;
    }
    this.#ready = ready;
    clearTimeout(this.#startTimer);
    this.#handlers.onReady(ready);
  }

  #receiveOversize(head: string): void {
    this.#discard(`a line longer than ${MAX_LINE_BYTES} bytes: ${head}`);
    const id = /^\{"id":(\d+),/.exec(head)?.[1];
    if (id !== undefined) this.#handlers.onOversize(Number(id));
  }

  #discard(text: string): void {
    this.discardedLines += 1;
    this.#handlers.onLog({ level: "warning", source: "wire", text: `discarded ${text}` });
  }

  #failStart(reason: string): void {
    this.#startFailure = reason;
    this.#transport.kill();
  }

  async #finish({ end, running, failure, startError }: TransportEnd): Promise<void> {
    clearTimeout(this.#startTimer);
    if (failure !== undefined && this.#startFailure === undefined) {
      this.#handlers.onEnd(end, { makeError: () => failure, wasKilled: false }, running);
      return;
    }
    if (this.#ready && this.#startFailure === undefined) {
      this.#handlers.onEnd(end, undefined, running);
      return;
    }
    const { command } = this.#transport;
    const wasKilled = this.#startFailure === undefined && end.signal !== null;
    const reason =
      this.#startFailure ??
      (wasKilled ? `it died of ${end.signal}` : undefined) ??
      refusal(startError) ??
      (await diagnosePython(command));
    const makeError = (): GrymError =>
      new ProcessStartError(command, reason, end.stderrTail, startError);
    this.#handlers.onEnd(end, { makeError, wasKilled }, running);
  }
}

/** What the system said where the fault is its own: too many open files, too many processes. */
function refusal(error: Error | undefined): string | undefined {
  const code = error !== undefined && "code" in error ? error.code : undefined;
  // A file that is missing or may not run is told better by who looks at it.
  if (error === undefined || code === "ENOENT" || code === "EACCES") return undefined;
  return `the system does not start one more process (${error.message})`;
}
