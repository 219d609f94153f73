import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

interface Waiting {
  resolve(result: unknown): void;
  reject(reason: Error): void;
}

/**
 * Chromium's DevTools protocol over the pipes 3 and 4 of a child (`--remote-debugging-pipe`):
 * JSON messages, each ended by a zero byte. The browser ends itself when the pipes close, so that
 * it cannot outlive this process, whatever kills it.
 */
export class DevtoolsPipe {
  readonly #input: Writable;
  readonly #output: Readable;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #pieces: Buffer[] = [];
  /** Why nothing will be answered any more. */
  #failure: Error | undefined;

  constructor(child: ChildProcess) {
    const [, , , input, output] = child.stdio;
    // The child was spawned with pipes at 3 and 4, which its type cannot say.
    this.#input = input as Writable;
    this.#output = output as Readable;
    this.#output.on("data", (chunk: Buffer) => this.#read(chunk));
    // A pipe breaks when the browser dies; its exit, which follows, tells more and fails the calls.
    this.#input.on("error", () => undefined);
    this.#output.on("error", () => undefined);
    unref(this.#input);
    unref(this.#output);
  }

  /** Sends a command and waits for its answer; meanwhile, and only then, Node stays alive. */
  async send(method: string, params: object, sessionId?: string): Promise<unknown> {
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId++;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
    });
    (this.#output as Socket).ref(); // as in unref below
    this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    try {
      return await answer;
    } finally {
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) unref(this.#output);
    }
  }

  /** Rejects everything that waits, and what is sent later. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const { reject } of this.#waiting.values()) reject(reason);
  }

  #read(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
      const message = Buffer.concat([...this.#pieces, rest.subarray(0, end)]).toString("utf8");
      this.#pieces = [];
      rest = rest.subarray(end + 1);
      this.#settle(JSON.parse(message) as Answer); // DevTools protocol, its message format
    }
    if (rest.length > 0) this.#pieces.push(rest);
  }

  #settle({ id, result, error }: Answer): void {
    if (id === undefined) return; // an event; none is asked for
    const waiting = this.#waiting.get(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }
}

/** The stdio pipes of a child are sockets, though their type does not say so. */
function unref(stream: Readable | Writable): void {
  (stream as Socket).unref();
}
