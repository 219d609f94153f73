/** The five sockets of a kernel. */

import { Reply, Router } from "zeromq";
import { Broadcaster } from "./broadcaster.ts";
import { type Connection, endpoint } from "./connection.ts";
import {
  decodeMessage,
  encodeMessage,
  type OutgoingMessage,
  type WireMessage,
  WireMessageError,
} from "./wire-message.ts";

/** A channel that carries requests. */
export type RequestChannel = "shell" | "control";

/** Receives requests and new subscriptions. */
export interface SocketHandlers {
  onRequest(channel: RequestChannel, message: WireMessage): void;
  /** A message of the stdin channel: an answer to a question. */
  onInput(message: WireMessage): void;
  /** Topic of a new IOPub subscription; gives the welcome that the subscriber hears first. */
  onSubscription(topic: string): OutgoingMessage;
  /** A message that was refused: not signed, or not a message. */
  onRefused(reason: string): void;
}

/** Bound sockets; sends are queued, since zeromq takes one at a time. */
export class Sockets {
  readonly #key: string;
  readonly #onLost: (reason: string) => void;
  readonly #shell = new Router();
  readonly #control = new Router();
  readonly #stdin = new Router();
  readonly #iopub = new Broadcaster();
  readonly #heartbeat = new Reply();
  readonly #sending = new Map<Router, Promise<void>>();

  private constructor(key: string, onLost: (reason: string) => void) {
    this.#key = key;
    this.#onLost = onLost;
  }

  /**
   * Binds the sockets of a connection; what comes waits for {@link Sockets.listen}.
   *
   * @param onLost hears of a message that could not be sent
   */
  static async bind(connection: Connection, onLost: (reason: string) => void): Promise<Sockets> {
    const sockets = new Sockets(connection.key, onLost);
    try {
      await sockets.#bindAll(connection);
    } catch (error) {
      // An open socket would abort the process with its thread, and nobody would learn why.
      sockets.#closeAll();
      throw error;
    }
    return sockets;
  }

  /** Takes what comes, to the end. */
  listen(handlers: SocketHandlers): void {
    const refused = (reason: string): void => handlers.onRefused(reason);
    void this.#receive(this.#shell, (it) => handlers.onRequest("shell", it), refused);
    void this.#receive(this.#control, (it) => handlers.onRequest("control", it), refused);
    void this.#receive(this.#stdin, (it) => handlers.onInput(it), refused);
    void this.#echoHeartbeat();
    void this.#iopub.welcomeSubscribers((topic) =>
      encodeMessage(handlers.onSubscription(topic.toString("utf8")), this.#key),
    );
  }

  send(channel: RequestChannel | "stdin" | "iopub", message: OutgoingMessage): void {
    const frames = encodeMessage(message, this.#key);
    if (channel === "iopub") {
      this.#iopub.broadcast(frames);
      return;
    }
    const socket = { shell: this.#shell, control: this.#control, stdin: this.#stdin }[channel];
    const before = this.#sending.get(socket) ?? Promise.resolve();
    const sent = before.then(() => (socket.closed ? undefined : socket.send(frames)));
    // A peer that is gone must not keep later messages from others.
    const lost = (error: unknown): void => this.#onLost(`${channel}: ${String(error)}`);
    this.#sending.set(socket, sent.catch(lost));
  }

  /** Sends what is queued, then closes everything. */
  async close(): Promise<void> {
    await Promise.all([...this.#sending.values(), this.#iopub.idle()]);
    this.#closeAll();
  }

  async #bindAll(connection: Connection): Promise<void> {
    const bound = await Promise.allSettled([
      this.#shell.bind(endpoint(connection, connection.shellPort)),
      this.#control.bind(endpoint(connection, connection.controlPort)),
      this.#stdin.bind(endpoint(connection, connection.stdinPort)),
      this.#iopub.bind(endpoint(connection, connection.iopubPort)),
      this.#heartbeat.bind(endpoint(connection, connection.heartbeatPort)),
    ]);
    for (const it of bound) if (it.status === "rejected") throw it.reason;
  }

  #closeAll(): void {
    for (const socket of [this.#shell, this.#control, this.#stdin, this.#iopub]) socket.close();
    this.#heartbeat.close();
  }

  async #receive(
    socket: Router,
    take: (message: WireMessage) => void,
    refused: (reason: string) => void,
  ): Promise<void> {
    for await (const frames of socket) {
      try {
        take(decodeMessage(frames, this.#key));
      } catch (error) {
        if (!(error instanceof WireMessageError)) throw error;
        refused(error.message);
      }
    }
  }

  async #echoHeartbeat(): Promise<void> {
    for await (const frames of this.#heartbeat) await this.#heartbeat.send(frames);
  }
}
