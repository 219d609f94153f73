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
 * - the handler hangs on the promise of `receive` itself, and a send ends inside its own call (no
 *   time limit, no high-water mark), so that what is received during a send is confirmed before the
 *   next one;
 * - `receive` may have received already when it returns: until the next turn nothing is sent.
 */
export class Broadcaster extends XPublisher {
  readonly #waiting: Frames[] = [];
  #sending: Promise<void> | undefined;
  /** Until it is over, a subscription may be there that is not confirmed. */
  #quiet: Promise<void> | undefined;

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
      const received = this.receive();
      this.#holdSends();
      await received.then(
        ([frame]) => this.#confirm(frame as Buffer, greet),
        (error: unknown) => {
          if (!this.closed) throw error;
        },
      );
    }
  }

  #holdSends(): void {
    const quiet = setImmediate().then(() => {
      if (this.#quiet === quiet) this.#quiet = undefined;
    });
    this.#quiet = quiet;
  }

  #confirm(frame: Buffer, greet: (topic: Buffer) => Frames): void {
    if (this.closed) return;
    const topic = frame.subarray(1);
    if (frame[0] === 1) {
      this.setStringOption(ZMQ_SUBSCRIBE, topic);
      this.#waiting.unshift(greet(topic));
      this.#sending ??= this.#drain();
    } else if (frame[0] === 0) this.setStringOption(ZMQ_UNSUBSCRIBE, topic);
  }

  async #drain(): Promise<void> {
    await setImmediate();
    while (this.#waiting.length > 0) {
      while (this.#quiet) await this.#quiet;
      const frames = this.#waiting.shift();
      if (frames && !this.closed) await this.send([...frames]);
    }
    this.#sending = undefined;
  }
}
