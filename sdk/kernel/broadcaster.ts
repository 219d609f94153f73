/** The IOPub socket: everyone hears everything, and a newcomer is greeted before that. */
import { XPublisher } from "zeromq";

type Frames = readonly (Buffer | string)[];

/** Options of libzmq (zmq.h) for an XPUB socket in manual mode. */
const ZMQ_SUBSCRIBE = 6;
const ZMQ_UNSUBSCRIBE = 7;

/**
 * libzmq would send a new subscriber whatever is sent next. In manual mode it sends nothing until
 * the subscription is confirmed, so that the welcome can be what is sent next.
 */
export class Broadcaster extends XPublisher {
  readonly #waiting: Frames[] = [];
  #sending: Promise<void> | undefined;

  constructor() {
    super({ manual: true, verbosity: "allSubsUnsubs", sendHighWaterMark: 0 });
  }

  /** Sends in the order of the calls; zeromq takes one message at a time. */
  broadcast(frames: Frames): void {
    this.#waiting.push(frames);
    this.#sending ??= this.#drain();
  }

  /** Resolves when all is sent. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  /**
   * Confirms subscriptions as they come, until the socket is closed.
   *
   * @param greet the welcome for a topic; it is sent before anything else
   */
  async welcomeSubscribers(greet: (topic: Buffer) => Frames): Promise<void> {
    for await (const [frame] of this) {
      const topic = frame?.subarray(1) ?? Buffer.alloc(0);
      if (frame?.[0] === 1) {
        // Both before the next turn: nothing can be sent between them.
        this.setStringOption(ZMQ_SUBSCRIBE, topic);
        this.#waiting.unshift(greet(topic));
        this.#sending ??= this.#drain();
      } else if (frame?.[0] === 0) this.setStringOption(ZMQ_UNSUBSCRIBE, topic);
    }
  }

  async #drain(): Promise<void> {
    for (let frames = this.#waiting.shift(); frames; frames = this.#waiting.shift()) {
      if (!this.closed) await this.send([...frames]);
    }
    this.#sending = undefined;
  }
}
