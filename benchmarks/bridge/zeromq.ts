import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPython } from "grym-synth";
import { Dealer } from "zeromq";
import type { Summary } from "./light-bridge.ts";
import { PEERS } from "./line-client.ts";
import { LABEL, type Way } from "./way.ts";

interface Answer {
  readonly id: number;
  readonly result: Summary & { readonly value: number };
}

/** The socket that both ZeroMQ ways use. */
class ZeroMQClient implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "bridge-zeromq-"));
  readonly #socket = new Dealer({ linger: 0 });
  readonly #address = `ipc://${join(this.#folder, "socket")}`;
  readonly #waiting = new Map<number, (frames: readonly [Answer, Buffer | undefined]) => void>();
  readonly #ended: Promise<unknown>;
  #sending: Promise<void> = Promise.resolve();
  #nextId = 1;

  constructor() {
    this.#socket.connect(this.#address);
    const child = spawn(findPython(), [join(PEERS, "zeromq_peer.py"), this.#address], {
      stdio: ["ignore", "inherit", "inherit"],
    });
    this.#ended = once(child, "exit");
    process.once("exit", () => child.kill());
    void this.#receive();
  }

  async ask(
    operation: string,
    data: object,
    frames: readonly Buffer[] = [],
  ): Promise<readonly [Answer, Buffer | undefined]> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<readonly [Answer, Buffer | undefined]>();
    this.#waiting.set(id, answer.resolve);
    const header = JSON.stringify({ id, operation, data });
    // The socket takes one message at a time.
    this.#sending = this.#sending.then(() => this.#socket.send([header, ...frames]));
    await this.#sending;
    return await answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sending;
    await this.#socket.send([JSON.stringify({ id: 0, operation: "end", data: {} })]);
    await this.#ended;
    this.#socket.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #receive(): Promise<void> {
    for await (const [header, frame] of this.#socket) {
      const answer = JSON.parse(String(header)) as Answer; // our own peer
      this.#waiting.get(answer.id)?.([answer, frame]);
      this.#waiting.delete(answer.id);
    }
  }
}

export function makeZeroMQ(isFresh: boolean): Way {
  const client = new ZeroMQClient();
  return {
    name: isFresh ? "ZeroMQ, fresh buffers" : "ZeroMQ, reused buffers",
    how: isFresh
      ? "zeromq and pyzmq, DEALER over ipc, frames not copied; a new array for each call"
      : "the same; the same array sent each time (what arrives is always in fresh memory: zeromq cannot receive into a buffer)",
    isFresh,
    async length(samples, checked) {
      const [{ result }] = await client.ask("length", { checked }, [bytesOf(samples)]);
      return result;
    },
    async echo(samples) {
      const [, frame] = await client.ask("echo", {}, [bytesOf(samples)]);
      if (frame === undefined) throw new Error("ZeroMQ answered without samples");
      return samplesOf(frame);
    },
    async small(value) {
      const [{ result }] = await client.ask("small", { value, label: LABEL });
      return result.value;
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer<ArrayBuffer> {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength); // none here is shared
}

function samplesOf({ buffer, byteOffset, byteLength }: Buffer): Float32Array {
  const size = Float32Array.BYTES_PER_ELEMENT;
  if (byteOffset % size === 0) return new Float32Array(buffer, byteOffset, byteLength / size);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
