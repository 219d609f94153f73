/** One run of the Python process: from its start to its end, with the calls that it was asked. */
import {
  type GrymError,
  InvalidArgumentError,
  operationError,
  type ProcessEnd,
  ProcessExitError,
  ProcessStartError,
  WireError,
} from "../errors.ts";
import type { Plane, Slot } from "./arena.ts";
import { type CallOptions, validateTimeout } from "./call-options.ts";
import { diagnosePython } from "./find-python.ts";
import { LineReader } from "./line-reader.ts";
import { PendingCalls } from "./pending.ts";
import { DataPlane } from "./plane.ts";
import { MAX_LINE_BYTES, type Message, PROTOCOL_VERSION, type Ready } from "./protocol.gen.ts";
import { PythonProcess } from "./python-process.ts";
import { decodeTensors, encodeTensors } from "./tensors.ts";

/** Something that the process said beside its answers. */
export interface LogEntry {
  /** `stderr`: raw text; `wire`: a remark of the protocol. */
  readonly source: "stderr" | "wire";
  readonly text: string;
}

export interface SessionOptions {
  readonly python: string;
  readonly plane: Plane | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly startTimeoutMs: number;
  readonly onLog: ((entry: LogEntry) => void) | undefined;
}

/** Counts of one run. */
export interface SessionStats {
  readonly pid: number | undefined;
  readonly plane: Plane;
  readonly planeReason: string | undefined;
  readonly calls: number;
  readonly waiting: number;
  readonly abandoned: number;
  readonly discardedLines: number;
  readonly arenaBytes: number;
  readonly arenaUsed: number;
}

interface Attachment {
  readonly slots: readonly Slot[];
}

export class Session {
  readonly #options: SessionOptions;
  readonly #plane: DataPlane;
  readonly #process: PythonProcess;
  readonly #calls: PendingCalls<Attachment>;
  readonly #startTimer: NodeJS.Timeout;
  #ready: Ready | undefined;
  #readyWaiters: PromiseWithResolvers<Ready>[] = [];
  #startFailure: string | undefined;
  #nextId = 1;
  #callCount = 0;
  #discardedLines = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#calls = new PendingCalls({
      onAbandon: (id) => this.#send("cancel", this.#nextId++, { id }),
      onBusy: () => this.#updateHold(),
    });
    const reader = new LineReader(MAX_LINE_BYTES, {
      onLine: (line) => this.#receive(line),
      onOversize: (head) => this.#receiveOversize(head),
    });
    this.#plane = new DataPlane(options.plane);
    try {
      this.#process = new PythonProcess({
        command: options.python,
        args: ["-u", "-X", "faulthandler", "-m", "gama_operations"],
        env: {
          ...process.env,
          ...this.#plane.environment,
          PYTHONUNBUFFERED: "1",
          GRYM_PARENT_PID: String(process.pid),
          ...options.env,
        },
        descriptors: this.#plane.descriptors,
        onOutput: (chunk) => reader.push(chunk),
        onStderr: (text) => this.#log({ source: "stderr", text }),
        onEnd: (end, startError) => void this.#finish(end, startError),
      });
    } catch (error) {
      this.#plane.close();
      throw new ProcessStartError(options.python, String(error), "", error);
    }
    this.#startTimer = setTimeout(() => {
      this.#failStart(`it was not ready within ${options.startTimeoutMs / 1000} s`);
    }, options.startTimeoutMs);
    this.#startTimer.unref();
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  get stats(): SessionStats {
    return {
      pid: this.#process.pid,
      plane: this.#plane.plane,
      planeReason: this.#plane.reason,
      calls: this.#callCount,
      waiting: this.#calls.waiting,
      abandoned: this.#calls.abandoned,
      discardedLines: this.#discardedLines,
      arenaBytes: this.#plane.usage.size,
      arenaUsed: this.#plane.usage.used,
    };
  }

  /** Resolves when the process has said `ready`. */
  ready(): Promise<Ready> {
    if (this.#ready) return Promise.resolve(this.#ready);
    const waiter = Promise.withResolvers<Ready>();
    this.#readyWaiters.push(waiter);
    this.#updateHold();
    return waiter.promise;
  }

  /** Sends a request at once (Python queues what comes before it is ready). */
  call(operation: string, data: object, options: CallOptions): Promise<unknown> {
    validateTimeout(options.timeoutMs);
    options.signal?.throwIfAborted();
    const slots: Slot[] = [];
    const id = this.#nextId++;
    let line: string;
    try {
      const encoded = encodeTensors(data, (bytes) => this.#plane.place(bytes, slots));
      line = JSON.stringify({ id, operation, data: encoded });
      if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
        throw new InvalidArgumentError("data", "at most 64 MiB of JSON (use typed arrays)", data);
      }
    } catch (error) {
      this.#plane.free(slots);
      throw error;
    }
    this.#callCount += 1;
    const answer = this.#calls.open(id, operation, { slots }, options);
    this.#process.write(line);
    return answer;
  }

  /** Tells every caller `reason`, then ends the process. */
  async stop(reason: () => GrymError): Promise<void> {
    this.#calls.abandonAll(reason);
    this.#rejectReady(reason());
    await this.#process.stop();
  }

  #send(operation: string, id: number | null, data: object): void {
    const line = id === null ? { operation, data } : { id, operation, data };
    this.#process.write(JSON.stringify(line));
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
    else if ("id" in message) this.#receiveAnswer(message);
    else this.#discard(`neither answer nor event: ${line.slice(0, 200)}`);
  }

  #receiveEvent(message: Extract<Message, { event: string }>, line: string): void {
    const data: unknown = message.data;
    if (typeof data !== "object" || data === null) {
      this.#discard(`an event without data: ${line.slice(0, 200)}`);
    } else if (message.event === "ready") this.#receiveReady(message.data);
    else if (message.event === "progress" && typeof message.id === "number") {
      const { stage, done, total, unit = "", message: text = "" } = message.data;
      this.#calls.progress(message.id, { stage, done, total, unit, message: text });
    } else if (message.event === "log") {
      this.#log({ source: "wire", text: message.data.message });
    }
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
    for (const waiter of this.#readyWaiters.splice(0)) waiter.resolve(ready);
    this.#updateHold();
  }

  #receiveAnswer(message: Extract<Message, { id: unknown }>): void {
    const call = typeof message.id === "number" ? this.#calls.take(message.id) : undefined;
    const generations: number[] = [];
    try {
      if (call === undefined || !call.isWaiting) {
        // Nobody waits, but the slots that the answer names must still be given back.
        if ("result" in message) decodeTensors(message.result, (tensor) => note(tensor.generation));
        return;
      }
      if ("error" in message && message.error) {
        call.reject(operationError(call.operation, message.error));
        return;
      }
      if (!("result" in message)) throw new WireError("An answer has neither result nor error");
      call.resolve(
        decodeTensors(message.result, (tensor, target) => {
          if (typeof tensor.base64 !== "string") note(tensor.generation);
          this.#plane.read(tensor, target);
        }),
      );
    } catch (error) {
      call?.reject(error);
    } finally {
      if (call) this.#plane.free(call.attachment.slots);
      if (generations.length > 0) this.#send("release", null, { generations });
    }

    function note(generation: number | undefined): void {
      if (generation !== undefined) generations.push(generation);
    }
  }

  /** An answer that was too long to keep still settles its call. */
  #receiveOversize(head: string): void {
    this.#discard(`a line longer than ${MAX_LINE_BYTES} bytes: ${head}`);
    const id = /^\{"id":(\d+),/.exec(head)?.[1];
    const call = id === undefined ? undefined : this.#calls.take(Number(id));
    if (call === undefined) return;
    this.#plane.free(call.attachment.slots);
    call.reject(new WireError(`The answer to \`${call.operation}\` was longer than a line may be`));
  }

  #discard(text: string): void {
    this.#discardedLines += 1;
    this.#log({ source: "wire", text: `discarded ${text}` });
  }

  /** In a turn of its own: an error of the listener must not cost the lines that follow. */
  #log(entry: LogEntry): void {
    const { onLog } = this.#options;
    if (onLog) queueMicrotask(() => onLog(entry));
  }

  #failStart(reason: string): void {
    this.#startFailure = reason;
    this.#process.kill("SIGKILL");
  }

  async #finish(end: ProcessEnd, startError: Error | undefined): Promise<void> {
    clearTimeout(this.#startTimer);
    this.#plane.close();
    if (this.#ready) {
      this.#calls.failAll((operation) => new ProcessExitError(operation, end));
      return;
    }
    if (this.#calls.waiting === 0 && this.#readyWaiters.length === 0) return;
    const { python } = this.#options;
    const reason = this.#startFailure ?? (await diagnosePython(python));
    const error = new ProcessStartError(python, reason, end.stderrTail, startError);
    this.#rejectReady(error);
    this.#calls.failAll(() => error);
  }

  #rejectReady(error: GrymError): void {
    for (const waiter of this.#readyWaiters.splice(0)) waiter.reject(error);
  }

  /** Node stays alive as long as someone waits for this process, and no longer. */
  #updateHold(): void {
    if (this.#calls.waiting > 0 || this.#readyWaiters.length > 0) this.#process.ref();
    else this.#process.unref();
  }
}
