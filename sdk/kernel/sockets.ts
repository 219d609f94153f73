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
  /** A message that could not be sent. */
  onLost(reason: string): void;
}

/** Bound sockets; sends are queued, since zeromq takes one at a time. */
export class Sockets {
  readonly #key: string;
  readonly #handlers: SocketHandlers;
  readonly #shell = new Router();
  readonly #control = new Router();
  readonly #stdin = new Router();
  readonly #iopub = new Broadcaster();
  readonly #heartbeat = new Reply();
  readonly #sending = new Map<Router, Promise<void>>();

  private constructor(key: string, handlers: SocketHandlers) {
    this.#key = key;
    this.#handlers = handlers;
  }

  /** Binds the sockets of a connection and starts to listen. */
  static async bind(connection: Connection, handlers: SocketHandlers): Promise<Sockets> {
    const sockets = new Sockets(connection.key, handlers);
    try {
      await sockets.#bindAll(connection);
    } catch (error) {
      // An open socket would abort the process with its thread, and nobody would learn why.
      sockets.#closeAll();
      throw error;
    }
    void sockets.#listen(sockets.#shell, (it) => handlers.onRequest("shell", it));
    void sockets.#listen(sockets.#control, (it) => handlers.onRequest("control", it));
    void sockets.#listen(sockets.#stdin, (it) => handlers.onInput(it));
    void sockets.#echoHeartbeat();
    void sockets.#iopub.welcomeSubscribers((topic) =>
      encodeMessage(handlers.onSubscription(topic.toString("utf8")), connection.key),
    );
    return sockets;
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
    const lost = (error: unknown): void => this.#handlers.onLost(`${channel}: ${String(error)}`);
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

  async #listen(socket: Router, take: (message: WireMessage) => void): Promise<void> {
    for await (const frames of socket) {
      try {
        take(decodeMessage(frames, this.#key));
      } catch (error) {
        if (!(error instanceof WireMessageError)) throw error;
        this.#handlers.onRefused(error.message);
      }
    }
  }

  async #echoHeartbeat(): Promise<void> {
    for await (const frames of this.#heartbeat) await this.#heartbeat.send(frames);
  }
}
