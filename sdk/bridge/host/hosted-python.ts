/** One Python process of a host, and the way of each line to its client. */
import { closeSync } from "node:fs";
import type { ProcessEnd } from "../../errors.ts";
import type { ArenaFile, Plane } from "../arena.ts";
import { LineSplitter } from "../line-splitter.ts";
import { describeLog } from "../log-entry.ts";
import { type LogMessage, MAX_LINE_BYTES, type StatusResult } from "../protocol.gen.ts";
import { PythonProcess } from "../python-process.ts";
import { RunningMark } from "../running-mark.ts";
import { PYTHON_ARGS } from "../spawn-transport.ts";
import type { EndData, FromHost, WelcomeData } from "./messages.ts";
import { fromProcess, globalId, toProcess } from "./routes.ts";
import { openNameless, pathOfDescriptor, shareFile } from "./shared-file.ts";

/** A client, as the process sees it. */
export interface Sink {
  readonly number: number;
  /** It reads slower than we write. */
  readonly isChoked: boolean;
  sendLine(line: Buffer): void;
  /** Sends a line that it can do without, unless it reads too slowly. */
  offerLine(line: Buffer): void;
  send(message: FromHost): void;
  /** The process reads slower than the client writes; or has caught up. */
  setPaused(isPaused: boolean): void;
  /** The process is gone, and with it the way of this client to it. */
  end(data: EndData): void;
}

/** What the process is told of a client. */
export interface SinkData {
  /** The host's own descriptor of the client's input arena. */
  readonly arenaFd: number | undefined;
  /** As `arenaFd`, of what it has in reserve. */
  readonly reserveFd: number | undefined;
  readonly sharesOutput: boolean;
  readonly folder: string;
}

/** The host's own requests have ids of client 0. */
const OWNER = 0;

export class HostedPython {
  readonly #process: PythonProcess;
  readonly #mark = new RunningMark();
  readonly #output: ArenaFile | undefined;
  /** Beside shared memory, for what has no room there. */
  readonly #reserve: ArenaFile | undefined;
  readonly #sinks = new Map<number, Sink>();
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #ended = Promise.withResolvers<void>();
  #lastId = 0;
  #ready: Buffer | undefined;
  /** How it ended. */
  end: EndData | undefined;
  isStopped = false;

  /** @throws Error the process cannot even be spawned */
  constructor(python: string, best: Plane) {
    // New files for each process: what the clients still read of the last one's is not overwritten.
    this.#output = openOutput(best);
    this.#reserve = this.#output?.plane === "shared_memory" ? openOutput("file") : undefined;
    const arenas = [this.#output, this.#reserve].flatMap((file) => (file ? [file.fd] : []));
    const splitter = new LineSplitter(MAX_LINE_BYTES, {
      onLine: (line) => this.#route(line),
      onOversize: (head) => this.#routeOversize(head),
    });
    try {
      this.#process = new PythonProcess({
        command: python,
        args: PYTHON_ARGS,
        env: {
          ...process.env,
          PYTHONUNBUFFERED: "1",
          GRYM_PARENT_PID: String(process.pid),
          ...(this.#output ? { GRYM_ARENA_OUT: this.#reserve ? "3,4" : "3" } : {}),
          ...this.#mark.environment(3 + arenas.length),
        },
        descriptors: [...arenas, ...this.#mark.descriptors],
        onOutput: (chunk) => splitter.push(chunk),
        onStderr: (text) => this.#tellAll({ host: "stderr", data: { text } }),
        onDrain: () => this.#pause(false),
        onEnd: (end, startError) => this.#finish(end, startError),
      });
    } catch (error) {
      this.#closeFiles();
      throw error;
    }
    this.#process.ref();
  }

  get pid(): number | undefined {
    return this.#process.isRunning ? this.#process.pid : undefined;
  }

  get plane(): Plane {
    return this.#output?.plane ?? "json";
  }

  /** Resolves when it is gone and its clients have been told. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get welcome(): WelcomeData {
    return {
      hostPid: process.pid,
      pythonPid: this.#process.pid ?? 0,
      output: this.#output && { ...shareFile(this.#output.fd), plane: this.#output.plane },
      reserve: this.#reserve && shareFile(this.#reserve.fd),
      mark: this.#mark.fd === undefined ? undefined : shareFile(this.#mark.fd),
    };
  }

  /** From now on the client's lines pass. Rejects when the process cannot open its arena. */
  async attach(sink: Sink, { arenaFd, reserveFd, sharesOutput, folder }: SinkData): Promise<void> {
    if (this.end) return sink.end(this.end);
    this.#sinks.set(sink.number, sink);
    const path = (fd?: number): string | undefined =>
      fd === undefined ? undefined : pathOfDescriptor(process.pid, fd);
    const attached = this.#ask("attach_client", {
      client: sink.number,
      arena: path(arenaFd),
      reserve: path(reserveFd),
      shares_output: sharesOutput,
      folder,
    });
    if (this.#ready) sink.sendLine(this.#ready);
    await attached;
  }

  /** The client is gone: what it asked is given up, what it had is freed. Resolves when that is done. */
  async detach(number: number): Promise<void> {
    if (!this.#sinks.delete(number)) return;
    // An error is the process's end, which frees everything; or it was never attached.
    await this.#ask("detach_client", { client: number }).catch(() => undefined);
  }

  /** @returns false: the line does not begin as a request does */
  forward(sink: Sink, line: Buffer): boolean {
    const routed = toProcess(line, sink.number);
    if (routed === undefined) return false;
    if (!this.#process.writeBytes(routed)) this.#pause(true);
    return true;
  }

  async status(): Promise<StatusResult> {
    return (await this.#ask("status", {})) as StatusResult; // the protocol's answer
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Ends it because somebody asked the host to end. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.#process.stop();
    await this.ended;
  }

  async #ask(operation: string, data: object): Promise<unknown> {
    this.#lastId += 1;
    const id = globalId(OWNER, this.#lastId);
    const answer = Promise.withResolvers<unknown>();
    this.#asked.set(id, answer);
    this.#process.write(JSON.stringify({ id, operation, data }));
    return await answer.promise;
  }

  #route(line: Buffer): void {
    const routed = fromProcess(line);
    if (routed === undefined) {
      this.#routeEvent(line);
    } else if (routed.client === OWNER) {
      this.#settle(line);
    } else {
      const sink = this.#sinks.get(routed.client);
      // Answers are kept however slowly a client reads: it asked for them. Of progress the next will do.
      if (sink && !(routed.isProgress && sink.isChoked)) sink.sendLine(routed.line);
    }
  }

  #routeEvent(line: Buffer): void {
    const withNewline = Buffer.concat([line, Buffer.from("\n")]);
    const head = line.toString("utf8", 0, 200);
    if (head.startsWith('{"event":"ready"')) this.#ready = withNewline;
    else if (head.startsWith('{"event":"log"')) {
      this.#note(line);
      for (const sink of this.#sinks.values()) sink.offerLine(withNewline);
      return;
    } else if (!head.startsWith('{"event":')) {
      this.#tellAll({ host: "discarded", data: { text: head } });
      return;
    }
    for (const sink of this.#sinks.values()) sink.sendLine(withNewline);
  }

  /** The tail that an end shows has the records of the process, too. */
  #note(line: Buffer): void {
    const { data } = JSON.parse(line.toString("utf8")) as LogMessage; // the process's own encoder
    this.#process.note(describeLog(data));
  }

  #routeOversize(head: string): void {
    const routed = fromProcess(Buffer.from(head));
    const text = routed?.line.toString("utf8").trimEnd() ?? head;
    const message: FromHost = { host: "oversize", data: { text } };
    if (routed) this.#sinks.get(routed.client)?.send(message);
    else this.#tellAll(message);
  }

  #settle(line: Buffer): void {
    const { id, result, error } = JSON.parse(line.toString("utf8")) as {
      id: number;
      result?: unknown;
      error?: { message: string };
    };
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (error) asked?.reject(new Error(error.message));
    else asked?.resolve(result);
  }

  #tellAll(message: FromHost): void {
    // Words for who lags behind are left out; the last of stderr comes with the end all the same.
    for (const sink of this.#sinks.values()) if (!sink.isChoked) sink.send(message);
  }

  #pause(isPaused: boolean): void {
    for (const sink of this.#sinks.values()) sink.setPaused(isPaused);
  }

  #finish(end: ProcessEnd, startError: Error | undefined): void {
    const data: EndData = {
      ...end,
      wasReady: this.#ready !== undefined,
      isStopped: this.isStopped,
      startError: startError && { message: startError.message, code: codeOf(startError) },
    };
    this.end = data;
    for (const sink of this.#sinks.values()) sink.end(data);
    this.#sinks.clear();
    for (const asked of this.#asked.values()) asked.reject(new Error("The process has ended"));
    this.#asked.clear();
    this.#closeFiles();
    this.#ended.resolve();
  }

  #closeFiles(): void {
    this.#mark.close();
    for (const file of [this.#output, this.#reserve]) if (file) closeSync(file.fd);
  }
}

/** What the system calls the fault: `ENOENT`, `EMFILE` … */
function codeOf(error: NodeJS.ErrnoException): string | undefined {
  return error.code;
}

function openOutput(best: Plane): ArenaFile | undefined {
  if (best === "json") return undefined;
  try {
    return openNameless(best);
  } catch {
    return undefined; // results come inside the lines, and `stats()` of a client says so
  }
}
