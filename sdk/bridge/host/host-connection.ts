/** A connection to a host: how it is found, how it lets us in, and what it says beside the lines of Python. */
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { GrymError, HostError } from "../../errors.ts";
import { LineReader } from "../line-reader.ts";
import { MAX_LINE_BYTES } from "../protocol.gen.ts";
import type { TransportHandlers } from "../transport.ts";
import { TurnWriter } from "../turn-writer.ts";
import type { HostFiles } from "./host-files.ts";
import {
  type EndData,
  type FromHost,
  formatMessage,
  isHostLine,
  type ToHost,
  type WelcomeData,
} from "./messages.ts";
import { LOOK_AGAIN_MS, reachHost, type WantedHost } from "./reach-host.ts";
import { pidNamespace } from "./shared-file.ts";

export interface AttachOptions extends WantedHost {
  /** Undefined: what the host has. */
  readonly idleMs: number | undefined;
}

export interface ConnectionHandlers extends Omit<TransportHandlers, "onEnd"> {
  /** The host has let us in: from now on lines pass. */
  readonly onEntered: () => void;
  /**
   * Called once, after every line was received.
   *
   * @param failure why nothing was reached, or why we were sent away
   * @param end of the process, where the host has told of it
   */
  readonly onOver: (failure: GrymError | undefined, end: EndData | undefined) => void;
}

const MAX_FAILED_ENTRIES = 3;
/** Room for what the host says beside the lines of Python. */
const MAX_HOST_LINE_BYTES = MAX_LINE_BYTES + 1024 * 1024;

export class HostConnection {
  readonly #options: AttachOptions;
  readonly #files: HostFiles;
  readonly #handlers: ConnectionHandlers;
  readonly #giveUp = new AbortController();
  #socket: Socket | undefined;
  #lines: TurnWriter | undefined;
  #welcome: WelcomeData | undefined;
  #client: number | undefined;
  #end: EndData | undefined;
  #refusal: GrymError | undefined;
  #failedEntries = 0;
  #isOver = false;

  constructor(options: AttachOptions, files: HostFiles, handlers: ConnectionHandlers) {
    this.#options = options;
    this.#files = files;
    this.#handlers = handlers;
    void this.#enter();
  }

  /** What the host told of its process; undefined: not yet. */
  get welcome(): WelcomeData | undefined {
    return this.#welcome;
  }

  /** Our number there; undefined: it has not let us in. */
  get client(): number | undefined {
    return this.#client;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Sends a line. @returns false: wait for `onDrain` */
  write(line: string): boolean {
    return this.#lines?.write(`${line}\n`) ?? true;
  }

  say(message: ToHost): void {
    this.#lines?.write(formatMessage(message));
  }

  /** Whether it keeps Node alive. */
  hold(isNeeded: boolean): void {
    if (isNeeded) this.#socket?.ref();
    else this.#socket?.unref();
  }

  /** Says that we go; it is over when the host goes, too. */
  close(): void {
    this.#socket?.end();
  }

  /** Goes without a word. */
  destroy(): void {
    this.#socket?.destroy();
  }

  /** Gives up the way to the host. */
  giveUp(): void {
    this.#giveUp.abort(new HostError("The way to the host was given up"));
    this.#finish(undefined);
  }

  /** Until the host has let us in, or has said why not; one that goes away before is followed by the next. */
  async #enter(): Promise<void> {
    try {
      while (!this.#isOver && this.#client === undefined && this.#end === undefined) {
        const socket = await reachHost(this.#options, this.#giveUp.signal);
        if (this.#isOver) socket.destroy();
        else await this.#talk(socket);
        if (this.#refusal) throw this.#refusal;
        if (this.#client === undefined) await wait(LOOK_AGAIN_MS);
      }
    } catch (error) {
      this.#finish(asFailure(error));
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
      if (!this.#isOver) reader.push(chunk);
    });
    socket.on("drain", this.#handlers.onDrain);
    socket.on("error", () => socket.destroy()); // `close` follows
    socket.on("close", () => {
      settled.resolve();
      if (this.#client !== undefined || this.#end !== undefined) this.#finish(this.#refusal);
    });
    const { identity } = this.#options.config;
    this.say({ host: "hello", data: { identity, namespace: pidNamespace() } });
    await settled.promise;
  }

  /** @returns whether it is decided now: in, or not */
  #hear(line: string): boolean {
    const message = JSON.parse(line) as FromHost; // of a host whose SDK is ours: it has compared
    switch (message.host) {
      case "welcome":
        return !this.#tryAttach(message.data);
      case "attached":
        this.#client = message.data.client;
        this.#handlers.onEntered();
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
  #tryAttach(welcome: WelcomeData): boolean {
    this.#welcome = welcome;
    try {
      const shared = this.#files.open(welcome);
      const { idleMs } = this.#options;
      const data = { ...shared, pid: process.pid, folder: process.cwd(), idleMs };
      this.say({ host: "attach", data });
      return true;
    } catch (error) {
      this.#failedEntries += 1;
      if (this.#failedEntries >= MAX_FAILED_ENTRIES) this.#refusal = asFailure(error);
      this.destroy();
      return false;
    }
  }

  #finish(failure: GrymError | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.destroy();
    this.#handlers.onOver(failure, this.#end);
  }
}

function asFailure(error: unknown): GrymError {
  return error instanceof GrymError ? error : new HostError("No host", error);
}
