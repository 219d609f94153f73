/** The process belongs to a host, which outlives this Node process and may have other clients. */
import { closeSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { GrymError, HostError, type ProcessEnd } from "../../errors.ts";
import { LineReader } from "../line-reader.ts";
import type { DataPlane } from "../plane.ts";
import { MAX_LINE_BYTES } from "../protocol.gen.ts";
import { readMark } from "../running-mark.ts";
import type { HostReference, Transport, TransportHandlers } from "../transport.ts";
import { TurnWriter } from "../turn-writer.ts";
import type { HostConfig } from "./host.ts";
import {
  type EndData,
  type FromHost,
  formatMessage,
  isHostLine,
  type ToHost,
  type WelcomeData,
} from "./messages.ts";
import { killProcess } from "./proc.ts";
import { reachHost, tryConnect } from "./reach-host.ts";
import { globalId, splitId } from "./routes.ts";
import { openShared, pidNamespace, shareFile } from "./shared-file.ts";

export interface AttachOptions {
  readonly config: HostConfig;
  /** Variables for a host that has to be started. */
  readonly extra: Readonly<Record<string, string>>;
  /** Undefined: what the host has. */
  readonly idleMs: number | undefined;
}

/** A host was there and went away before it let us in: the next one is looked for. */
const AGAIN_MS = 20;
/** A host that is asked to kill its Python and does not is killed itself, and Python with it. */
const KILL_MS = 2_000;
/** How long a host may take to notice that we go. */
const LEAVE_MS = 1_000;
const MAX_FAILED_ENTRIES = 3;
/** Room for what the host says beside the lines of Python. */
const MAX_HOST_LINE_BYTES = MAX_LINE_BYTES + 1024 * 1024;

export class AttachTransport implements Transport {
  readonly #options: AttachOptions;
  readonly #plane: DataPlane;
  readonly #handlers: TransportHandlers;
  readonly #giveUp = new AbortController();
  readonly #gone = Promise.withResolvers<void>();
  #socket: Socket | undefined;
  #lines: TurnWriter | undefined;
  /** What was written before the host let us in. */
  #waiting: string[] | undefined = [];
  #welcome: WelcomeData | undefined;
  #markFd: number | undefined;
  #client: number | undefined;
  #end: EndData | undefined;
  #refusal: HostError | undefined;
  #failedEntries = 0;
  #isHeld = true;
  #isRunning = true;

  constructor(options: AttachOptions, plane: DataPlane, handlers: TransportHandlers) {
    this.#options = options;
    this.#plane = plane;
    this.#handlers = handlers;
    void this.#begin();
  }

  get command(): string {
    return this.#options.config.identity.python;
  }

  get pid(): number | undefined {
    return this.#welcome?.pythonPid || undefined;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  get host(): HostReference | undefined {
    return this.#welcome && { name: this.#options.config.name, pid: this.#welcome.hostPid };
  }

  worksOnAnother(id: number): boolean {
    if (this.#markFd === undefined || this.#client === undefined) return false;
    const running = readMark(this.#markFd);
    return running > 0 && running !== globalId(this.#client, id);
  }

  write(line: string): boolean {
    if (this.#waiting) {
      this.#waiting.push(line);
      return true;
    }
    return this.#lines?.write(`${line}\n`) ?? true;
  }

  note(): void {
    // The host has seen it, too, and its tail is what an end shows.
  }

  hold(isNeeded: boolean): void {
    this.#isHeld = isNeeded;
    if (this.#waiting) return; // on the way to the host it is held anyway
    if (isNeeded) this.#socket?.ref();
    else this.#socket?.unref();
  }

  kill(): void {
    if (this.#client === undefined || this.#welcome === undefined) {
      this.#leave();
      return;
    }
    const { hostPid, pythonPid } = this.#welcome;
    void this.#sayAside({ host: "kill", data: { pythonPid } });
    const timer = setTimeout(() => {
      // It hangs itself; Python dies with it.
      if (this.#isRunning) killProcess(hostPid);
    }, KILL_MS);
    void this.#gone.promise.then(() => clearTimeout(timer));
  }

  /** Leaves the host, which frees what we had; it goes on. */
  async stop(): Promise<void> {
    if (this.#client === undefined) this.#leave();
    this.#socket?.ref();
    this.#socket?.end();
    const timer = setTimeout(() => this.#socket?.destroy(), LEAVE_MS);
    await this.#gone.promise;
    clearTimeout(timer);
  }

  /** Until the host has let us in, or has said why not. */
  async #begin(): Promise<void> {
    const { config, extra } = this.#options;
    try {
      while (this.#isRunning && this.#client === undefined && this.#end === undefined) {
        const socket = await reachHost(config, extra, this.#giveUp.signal);
        if (this.#isRunning) await this.#talk(socket);
        else socket.destroy();
        if (this.#refusal) throw this.#refusal;
        if (this.#client === undefined) await wait(AGAIN_MS);
      }
    } catch (error) {
      this.#finish(error instanceof GrymError ? error : new HostError("No host", error));
    }
  }

  /** Resolves when the host has let us in, or the connection is over. */
  async #talk(socket: Socket): Promise<void> {
    this.#socket = socket;
    this.#lines = new TurnWriter(socket);
    const settled = Promise.withResolvers<void>();
    const reader = new LineReader(MAX_HOST_LINE_BYTES, {
      onLine: (line) => {
        if (isHostLine(line)) {
          if (this.#hear(line)) settled.resolve();
          return;
        }
        this.#handlers.onHeard();
        this.#handlers.onLine(line);
      },
      onOversize: (head) => this.#handlers.onOversize(head),
    });
    socket.on("data", (chunk: Buffer) => {
      if (this.#isRunning) reader.push(chunk);
    });
    socket.on("drain", this.#handlers.onDrain);
    socket.on("error", () => socket.destroy()); // `close` follows
    socket.on("close", () => {
      settled.resolve();
      if (this.#client !== undefined || this.#end !== undefined) this.#finish(this.#refusal);
    });
    const { identity } = this.#options.config;
    this.#say({ host: "hello", data: { identity, namespace: pidNamespace() } });
    await settled.promise;
  }

  /** @returns whether it is decided now: in, or not */
  #hear(line: string): boolean {
    const message = JSON.parse(line) as FromHost; // of a host whose SDK is ours: it has compared
    switch (message.host) {
      case "welcome":
        return !this.#tryEnter(message.data);
      case "attached":
        this.#client = message.data.client;
        this.#flush();
        return true;
      case "refused":
        this.#refusal = new HostError(message.data.reason);
        return true;
      case "end":
        this.#end = message.data;
        return true;
      case "stderr":
        this.#handlers.onHeard();
        this.#handlers.onStderr(message.data.text);
        return false;
      case "discarded":
        this.#handlers.onDiscard(message.data.text);
        return false;
      case "oversize":
        this.#handlers.onOversize(message.data.text);
        return false;
      case "pulse":
      case "status":
        return false;
    }
  }

  /** A process that dies just now takes its files along: the next one's are looked for, a few times. */
  #tryEnter(welcome: WelcomeData): boolean {
    try {
      this.#enter(welcome);
      return true;
    } catch (error) {
      this.#failedEntries += 1;
      if (this.#failedEntries >= MAX_FAILED_ENTRIES) {
        this.#refusal = error instanceof HostError ? error : new HostError("No host", error);
      }
      this.#socket?.destroy();
      return false;
    }
  }

  /** Opens the host's files, and shows it ours. */
  #enter(welcome: WelcomeData): void {
    this.#welcome = welcome;
    const { hostPid, output, mark } = welcome;
    this.#closeMark();
    this.#markFd = mark && openShared(hostPid, mark);
    const outputFd =
      this.#plane.inputFd === undefined ? undefined : output && openShared(hostPid, output);
    const why = output === undefined ? "the host has no memory to share" : undefined;
    this.#plane.adoptOutput(
      outputFd,
      outputFd === undefined ? "json" : (output?.plane ?? "json"),
      why,
    );
    const { inputFd } = this.#plane;
    this.#say({
      host: "attach",
      data: {
        pid: process.pid,
        arena: inputFd === undefined ? undefined : shareFile(inputFd),
        sharesOutput: outputFd !== undefined,
        folder: process.cwd(),
        idleMs: this.#options.idleMs,
      },
    });
  }

  #flush(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const line of waiting) this.write(line);
    this.hold(this.#isHeld);
  }

  #say(message: ToHost): void {
    this.#lines?.write(formatMessage(message));
  }

  /** On a connection of its own, which is read also where ours is not: Python has not read what is there. */
  async #sayAside(message: ToHost): Promise<void> {
    this.#say(message); // where somebody has removed the socket this is the only way
    const socket = await tryConnect(this.#options.config.path).catch(() => undefined);
    socket?.on("error", () => socket.destroy());
    socket?.unref().end(formatMessage(message));
  }

  /** Gives up the way to the host. */
  #leave(): void {
    this.#giveUp.abort(new HostError("The way to the host was given up"));
    this.#socket?.destroy();
    this.#finish(undefined);
  }

  #finish(failure: GrymError | undefined): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    const running = this.#readMark();
    this.#closeMark();
    this.#socket?.destroy();
    this.#gone.resolve();
    const { name } = this.#options.config;
    const stopped = this.#end?.isStopped
      ? new HostError(`The host "${name}" was stopped while this process was attached to it`)
      : undefined;
    // Where the host died itself, the kernel has killed its Python.
    const { exitCode = null, signal = "SIGKILL", stderrTail = "" } = this.#end ?? {};
    const end: ProcessEnd = { exitCode, signal, stderrTail };
    const startError = this.#end?.startError;
    this.#handlers.onEnd({
      end,
      running,
      failure: failure ?? stopped,
      startError: startError && Object.assign(new Error(startError.message), startError),
    });
  }

  /** Of others' requests we only know that they are not ours. */
  #readMark(): number | undefined {
    if (this.#markFd === undefined) return undefined;
    const { client, id } = splitId(readMark(this.#markFd));
    return client === this.#client ? id : 0;
  }

  #closeMark(): void {
    if (this.#markFd !== undefined) closeSync(this.#markFd);
    this.#markFd = undefined;
  }
}
