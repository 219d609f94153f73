/** Everything that the kernel sends: replies, broadcasts, the state of the kernel. */

import type { RequestChannel, Sockets } from "./sockets.ts";
import {
  type Header,
  type JsonObject,
  newHeader,
  type OutgoingMessage,
  type WireMessage,
} from "./wire-message.ts";

/** A request and the channel by which it came. */
export interface KernelRequest {
  readonly channel: RequestChannel;
  readonly message: WireMessage;
}

export class Outbox {
  readonly #sockets: Sockets;
  readonly #session: string;

  constructor(sockets: Sockets, session: string) {
    this.#sockets = sockets;
    this.#session = session;
  }

  /** Answers a request, to whoever sent it. */
  reply({ channel, message }: KernelRequest, messageType: string, content: JsonObject): void {
    this.#sockets.send(channel, {
      identities: message.identities,
      header: newHeader(messageType, this.#session),
      parentHeader: message.header,
      content,
    });
  }

  /** Broadcasts to all front ends; `parent` is the request that caused it. */
  publish(
    parent: Header | JsonObject,
    messageType: string,
    content: JsonObject | string,
    extras: Pick<OutgoingMessage, "metadata" | "buffers"> = {},
  ): void {
    this.#sockets.send("iopub", {
      identities: [Buffer.from(`kernel.${this.#session}.${messageType}`)],
      header: newHeader(messageType, this.#session),
      parentHeader: parent,
      content,
      ...extras,
    });
  }

  /** Asks whoever sent a request for a line of input; the id of the question. */
  ask({ message }: KernelRequest, content: JsonObject): string {
    const header = newHeader("input_request", this.#session);
    const { identities, header: parentHeader } = message;
    this.#sockets.send("stdin", { identities, header, parentHeader, content });
    return header.msg_id;
  }

  status(parent: Header | JsonObject, state: "starting" | "busy" | "idle"): void {
    this.publish(parent, "status", { execution_state: state });
  }

  /** Greets a new subscriber, who then knows that nothing will be missed (protocol 5.4). */
  welcome(subscription: string): OutgoingMessage {
    return {
      identities: [Buffer.from(subscription)],
      header: newHeader("iopub_welcome", this.#session),
      parentHeader: {},
      content: { subscription },
    };
  }
}
