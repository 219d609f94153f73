/** The IOPub socket: everyone hears everything, and a newcomer is greeted before that. */
import { setImmediate } from "node:timers/promises";
import { XPublisher } from "zeromq";

type Frames = readonly (Buffer | string)[];

/** Options of libzmq (zmq.h) for an XPUB socket in manual mode. */
const ZMQ_SUBSCRIBE = 6;
const ZMQ_UNSUBSCRIBE = 7;

/**
 * libzmq would send a new subscriber whatever is sent next. In manual mode it sends nothing until
 * the subscription is confirmed, so that the welcome can be what is sent next.
 *
 * A confirmation counts for the subscription received last, and is void, without a word, if any
 * other subscriber has gone since (libzmq 4.3.5, `xpub_t::send_unsubscription`). The socket learns
 * of that while it sends. So nothing may be sent between a subscription and its confirmation:
 * the handler hangs on the promise of `receive` itself, a send ends inside its own call (no time
 * limit, no high-water mark), and the turn after each send, or the start of a round, comes after
 * the handlers that are due.
 */
export class Broadcaster extends XPublisher {
  readonly #waiting: Frames[] = [];
  #sending: Promise<void> | undefined;

  constructor() {
    super({ manual: true, verbosity: "allSubsUnsubs", sendHighWaterMark: 0, sendTimeout: 0 });
  }

  /** Sends in the order of the calls. */
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
    while (!this.closed) {
      await this.receive().then(
        ([frame]) => this.#confirm(frame as Buffer, greet),
        (error: unknown) => {
          if (!this.closed) throw error;
        },
      );
    }
  }

  #confirm(frame: Buffer, greet: (topic: Buffer) => Frames): void {
    const topic = frame.subarray(1);
    if (frame[0] === 1) {
      this.setStringOption(ZMQ_SUBSCRIBE, topic);
      this.#waiting.unshift(greet(topic));
      this.#sending ??= this.#drain();
    } else if (frame[0] === 0) this.setStringOption(ZMQ_UNSUBSCRIBE, topic);
  }

  async #drain(): Promise<void> {
    await setImmediate();
    for (let frames = this.#waiting.shift(); frames; frames = this.#waiting.shift()) {
      if (!this.closed) await this.send([...frames]);
    }
    this.#sending = undefined;
  }
}
