/** One connection to a host: a client that attaches, or a command that asks. */
import { closeSync } from "node:fs";
import type { Socket } from "node:net";
import { LineSplitter } from "../line-splitter.ts";
import { MAX_LINE_BYTES } from "../protocol.gen.ts";
import { TurnWriter } from "../turn-writer.ts";
import type { HostedPython, Sink } from "./hosted-python.ts";
import {
  type AttachData,
  type EndData,
  type FromHost,
  formatMessage,
  isHostLine,
  type ToHost,
} from "./messages.ts";
import { openAllShared } from "./shared-file.ts";

/** Words for a client that has so much to read already are left out, bytes. */
const CHOKED_BYTES = 1024 * 1024;
/** A client that leaves so much unread is given up, bytes. */
const MOST_UNREAD_BYTES = 256 * 1024 * 1024;
/** How often a client of whom nothing is read is looked for. */
const PULSE_MS = 500;

/** What a connection may ask of its host. */
export interface HostServices {
  /**
   * The process for a client of that kind; undefined: the host is ending. Rejects with why there is
   * none for it.
   */
  openProcess(hello: Extract<ToHost, { host: "hello" }>["data"]): Promise<HostedPython | undefined>;
  noteAttached(client: HostClient, idleMs: number | undefined): void;
  noteClosed(client: HostClient): void;
  answerStatus(client: HostClient): Promise<void>;
  /** Ends the process of that id, if it is the one that runs. */
  kill(pythonPid: number): void;
  stop(): void;
}

export class HostClient implements Sink {
  readonly number: number;
  readonly #socket: Socket;
  readonly #lines: TurnWriter;
  readonly #services: HostServices;
  #python: HostedPython | undefined;
  #arenaFd: number | undefined;
  #reserveFd: number | undefined;
  #isAttached = false;
  #pulse: NodeJS.Timeout | undefined;
  /** Events that were left out since it has read the last time. */
  #leftOut = 0;
  /** Process id of an attached client. */
  pid: number | undefined;

  constructor(number: number, socket: Socket, services: HostServices) {
    this.number = number;
    this.#socket = socket;
    this.#lines = new TurnWriter(socket);
    this.#services = services;
    const splitter = new LineSplitter(MAX_LINE_BYTES, {
      onLine: (line) => this.#receive(line),
      onOversize: (head) => {
        // The SDK refuses such a line itself. The request, if it was one, is answered by nobody else.
        this.#refuse(`a line was longer than ${MAX_LINE_BYTES} bytes: ${head.slice(0, 80)}`);
      },
    });
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
    socket.on("drain", () => this.#tellLeftOut());
    socket.on("error", () => socket.destroy()); // `close` follows
    socket.on("close", () => this.#close());
  }

  get isChoked(): boolean {
    return this.#socket.writableLength > CHOKED_BYTES;
  }

  sendLine(line: Buffer): void {
    this.#lines.write(line);
    if (this.#socket.writableLength > MOST_UNREAD_BYTES) {
      this.#leavePython();
      const megabytes = Math.round(MOST_UNREAD_BYTES / 1e6);
      this.#refuse(
        `this process did not read its answers: more than ${megabytes} MB waited for it`,
      );
    }
  }

  offerLine(line: Buffer): void {
    if (this.isChoked) this.#leftOut += 1;
    else this.#lines.write(line);
  }

  send(message: FromHost): void {
    this.#lines.write(formatMessage(message));
  }

  /** Of a socket that is not read the end is not heard either; writing to one that is gone fails. */
  setPaused(isPaused: boolean): void {
    if (!isPaused) {
      clearInterval(this.#pulse);
      this.#pulse = undefined;
      this.#socket.resume();
      return;
    }
    this.#socket.pause();
    this.#pulse ??= setInterval(() => {
      if (!this.isChoked) this.send({ host: "pulse" }); // else what waits to be written fails
    }, PULSE_MS);
  }

  end(data: EndData): void {
    this.#python = undefined;
    this.send({ host: "end", data });
    this.setPaused(false); // else its own end would never be heard
    this.#socket.end();
  }

  /** The host ends, and this one had not come far enough to be told. */
  destroy(): void {
    this.#socket.destroy();
  }

  #receive(line: Buffer): void {
    if (isHostLine(line)) {
      this.#obey(line).catch((error: unknown) =>
        this.#refuse(error instanceof Error ? error.message : String(error)),
      );
    } else if (this.#isAttached && this.#python && !this.#python.forward(this, line)) {
      const head = line.toString("utf8", 0, 80);
      this.#refuse(`a request has to begin with {"id":N,"operation":…, got ${head}`);
    }
  }

  async #obey(line: Buffer): Promise<void> {
    const message = JSON.parse(line.toString("utf8")) as ToHost; // the SDK's own words
    switch (message.host) {
      case "hello": {
        const python = await this.#services.openProcess(message.data);
        if (this.#socket.destroyed) return;
        if (python === undefined) return this.destroy(); // it comes again, to the next host
        if (python.end) return this.end(python.end);
        this.#python = python;
        this.send({ host: "welcome", data: python.welcome });
        return;
      }
      case "attach":
        return await this.#attach(message.data);
      case "kill":
        return this.#services.kill(message.data.pythonPid);
      case "status":
        return await this.#services.answerStatus(this);
      case "stop":
        return this.#services.stop();
    }
  }

  async #attach(data: AttachData): Promise<void> {
    const { pid, arena, reserve, sharesOutput, folder, idleMs } = data;
    if (this.#python === undefined) return this.destroy();
    [this.#arenaFd, this.#reserveFd] = openAllShared(pid, [arena, reserve]);
    this.pid = pid;
    this.#isAttached = true;
    this.#services.noteAttached(this, idleMs);
    this.send({ host: "attached", data: { client: this.number } });
    await this.#python.attach(this, {
      arenaFd: this.#arenaFd,
      reserveFd: this.#reserveFd,
      sharesOutput,
      folder,
    });
  }

  #refuse(reason: string): void {
    this.send({ host: "refused", data: { reason } });
    this.setPaused(false); // as above
    this.#socket.end();
  }

  /** It reads again, and may know what it has missed. */
  #tellLeftOut(): void {
    if (this.#leftOut === 0) return;
    const message = `${this.#leftOut} remark(s) were left out: this process was too slow to read them`;
    this.#leftOut = 0;
    this.#lines.write(`${JSON.stringify({ event: "log", data: { level: "warning", message } })}\n`);
  }

  #leavePython(): void {
    const fds = [this.#arenaFd, this.#reserveFd].filter((fd) => fd !== undefined);
    this.#arenaFd = undefined;
    this.#reserveFd = undefined;
    const left = this.#python?.detach(this.number) ?? Promise.resolve();
    this.#python = undefined;
    // Until it has answered it may still be about to open the file through us.
    void left.then(() => {
      for (const fd of fds) closeSync(fd);
    });
  }

  #close(): void {
    clearInterval(this.#pulse);
    this.#leavePython();
    this.#services.noteClosed(this);
  }
}
