/** One run of the Python process: lines out, messages in. It knows no calls. */
import { type ProcessEnd, ProcessStartError } from "../errors.ts";
import type { Answer, PartMessage } from "./answer.ts";
import { diagnosePython } from "./find-python.ts";
import { LineReader } from "./line-reader.ts";
import {
  type Log,
  MAX_LINE_BYTES,
  type Message,
  PROTOCOL_VERSION,
  type Ready,
} from "./protocol.gen.ts";
import { PythonProcess } from "./python-process.ts";

/** Something that the process, or the bridge, said beside the answers. */
export interface LogEntry {
  /** Of a record its own; raw text has none, and counts as `info`. */
  readonly level: Log["level"];
  /**
   * `logging`: a record of Python's `logging` or `warnings`; `stderr`: raw text; `wire`: a remark of the
   * protocol; `bridge`: the process was started again.
   */
  readonly source: "logging" | "stderr" | "wire" | "bridge";
  /** Of a record: the name of its logger, such as `transformers.modeling_utils` or `py.warnings`. */
  readonly logger?: string | undefined;
  readonly text: string;
}

export interface SessionOptions {
  readonly python: string;
  readonly env: Readonly<Record<string, string>>;
  /** Descriptors that the child inherits as 3, 4, … */
  readonly descriptors: readonly number[];
  readonly startTimeoutMs: number;
}

/** Why a process that was never ready ended. */
export interface StartFailure {
  readonly error: ProcessStartError;
  /** It was killed by someone else: another one may live. */
  readonly wasKilled: boolean;
}

/** What a session tells its owner. */
export interface SessionHandlers {
  readonly onReady: (ready: Ready) => void;
  readonly onAnswer: (message: Answer) => void;
  readonly onProgress: (message: Extract<Message, { event: "progress" }>) => void;
  readonly onPart: (message: PartMessage) => void;
  /** An answer that was too long to keep. */
  readonly onOversize: (id: number) => void;
  readonly onLog: (entry: LogEntry) => void;
  /** The process has written something. */
  readonly onHeard: () => void;
  /** The process has read what was written. */
  readonly onDrain: () => void;
  /** Called once, after every line was received. `failure`: it was never ready. */
  readonly onEnd: (end: ProcessEnd, failure: StartFailure | undefined) => void;
}

export class Session {
  readonly #options: SessionOptions;
  readonly #handlers: SessionHandlers;
  readonly #process: PythonProcess;
  readonly #startTimer: NodeJS.Timeout;
  #ready: Ready | undefined;
  #startFailure: string | undefined;
  discardedLines = 0;

  /** @throws ProcessStartError the process cannot even be spawned */
  constructor(options: SessionOptions, handlers: SessionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    const reader = new LineReader(MAX_LINE_BYTES, {
      onLine: (line) => this.#receive(line),
      onOversize: (head) => this.#receiveOversize(head),
    });
    try {
      this.#process = new PythonProcess({
        command: options.python,
        args: ["-u", "-X", "faulthandler", "-m", "gama_operations"],
        env: {
          ...process.env,
          PYTHONUNBUFFERED: "1",
          GRYM_PARENT_PID: String(process.pid),
          ...options.env,
        },
        descriptors: options.descriptors,
        onOutput: (chunk) => {
          handlers.onHeard();
          reader.push(chunk);
        },
        onDrain: handlers.onDrain,
        onStderr: (text) => handlers.onLog({ level: "info", source: "stderr", text }),
        onEnd: (end, startError) => void this.#finish(end, startError),
      });
    } catch (error) {
      throw new ProcessStartError(options.python, String(error), "", error);
    }
    this.#startTimer = setTimeout(() => {
      this.#failStart(`it was not ready within ${options.startTimeoutMs / 1000} s`);
    }, options.startTimeoutMs);
    this.#startTimer.unref();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  get ready(): Ready | undefined {
    return this.#ready;
  }

  /** Sends a line; Python queues what comes before it is ready. @returns false: wait for `onDrain` */
  write(line: string): boolean {
    return this.#process.write(line);
  }

  /** Whether the process keeps Node alive. */
  hold(isNeeded: boolean): void {
    if (isNeeded) this.#process.ref();
    else this.#process.unref();
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  #receive(line: string): void {
    let message: Message;
    try {
      message = JSON.parse(line) as Message; // the envelope is checked below, field by field
    } catch {
      this.#discard(`not JSON: ${line.slice(0, 200)}`); // newline framing: the next line is whole
      return;
    }
    if (typeof message !== "object" || message === null) this.#discard(line.slice(0, 200));
    else if ("event" in message) this.#receiveEvent(message, line);
    else if ("id" in message) this.#handlers.onAnswer(message);
    else this.#discard(`neither answer nor event: ${line.slice(0, 200)}`);
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

  #receiveLog({ level, message: text, logger }: Log): void {
    const name = logger === undefined ? "" : `${logger}: `;
    this.#process.note(`${level}: ${name}${text}\n`);
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
    this.#process.kill("SIGKILL");
  }

  async #finish(end: ProcessEnd, startError: Error | undefined): Promise<void> {
    clearTimeout(this.#startTimer);
    if (this.#ready && this.#startFailure === undefined) {
      this.#handlers.onEnd(end, undefined);
      return;
    }
    const { python } = this.#options;
    const wasKilled = this.#startFailure === undefined && end.signal !== null;
    const reason =
      this.#startFailure ??
      (wasKilled ? `it died of ${end.signal}` : undefined) ??
      refusal(startError) ??
      (await diagnosePython(python));
    const error = new ProcessStartError(python, reason, end.stderrTail, startError);
    this.#handlers.onEnd(end, { error, wasKilled });
  }
}

/** What the system said where the fault is its own: too many open files, too many processes. */
function refusal(error: Error | undefined): string | undefined {
  const code = error !== undefined && "code" in error ? error.code : undefined;
  // A file that is missing or may not run is told better by who looks at it.
  if (error === undefined || code === "ENOENT" || code === "EACCES") return undefined;
  return `the system does not start one more process (${error.message})`;
}
