/**
 * TypeScript's language server as a child process: JSON-RPC over its standard streams.
 *
 * Only the framing and the bookkeeping of requests; the messages are those of the Language Server
 * Protocol 3.17 (https://microsoft.github.io/language-server-protocol/).
 */

import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

const SEPARATOR = "\r\n\r\n";
/**
 * Above this the server's garbage collector works harder. Largest resident memory, and least time of a processor
 * in three runs, for 60 mixed cells, and for 60 that import 16 large packages and go on with all of them:
 * - no limit: 115 MiB, 2.4 s; 201 MiB, 2.1 s;
 * - half of Go's usual garbage (GOGC=50): 94 MiB, 2.6 s; 169 MiB, 2.4 s;
 * - 130 MiB: 114 MiB, 2.0 s; 138 MiB, 3.2 s;
 * - 110 MiB: 116 MiB, 2.0 s; 129 MiB, 6.0 s.
 */
const GO_MEMORY_LIMIT = "130MiB";

/** A message of either side; which fields it has tells what it is. */
interface RpcMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

/** The server has ended, or has refused a request. */
export class LanguageServerError extends Error {
  override readonly name = "LanguageServerError";
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: LanguageServerError): void;
}

export class LanguageServer {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, Waiting>();
  #received: Buffer = Buffer.alloc(0);
  #lastId = 0;
  #ended: LanguageServerError | undefined;

  /** @param executable the `tsc` of TypeScript 7 @param folder working folder of the process */
  constructor(executable: string, folder: string) {
    // Its end of standard input is its end, so it cannot outlive the kernel.
    this.#process = spawn(executable, ["--lsp", "--stdio"], {
      cwd: folder,
      env: { ...process.env, GOMEMLIMIT: GO_MEMORY_LIMIT },
      stdio: ["pipe", "pipe", "ignore"],
      // Ctrl-C in a terminal is for the cells.
      detached: true,
    });
    this.#process.stdout.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.#process.stdin.on("error", () => undefined); // its end is told by "exit"
    this.#process.on("error", (error) => this.#end(error.message));
    this.#process.on("exit", (code, signal) => this.#end(`ended with ${signal ?? code}`));
    this.#process.unref();
  }

  /** Process id, or undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  /** @throws LanguageServerError */
  request(method: string, params: unknown): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  notify(method: string, params: unknown): void {
    if (this.#ended === undefined) this.#send({ method, params });
  }

  /** Ends the process; what waits for it is rejected. */
  close(): void {
    this.#process.stdin.end();
    this.#process.kill("SIGKILL"); // it has nothing to save
  }

  #send(message: RpcMessage): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    this.#process.stdin.write(`Content-Length: ${body.length}${SEPARATOR}`);
    this.#process.stdin.write(body);
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const head = this.#received.indexOf(SEPARATOR);
      if (head < 0) return;
      const length = /content-length: *(\d+)/i.exec(
        this.#received.toString("latin1", 0, head),
      )?.[1];
      const start = head + SEPARATOR.length;
      const end = start + Number(length);
      if (this.#received.length < end) return;
      const body = this.#received.toString("utf8", start, end);
      this.#received = this.#received.subarray(end);
      this.#take(JSON.parse(body) as RpcMessage); // the protocol's own form
    }
  }

  #take({ id, method, params, result, error }: RpcMessage): void {
    if (method !== undefined) {
      if (id !== undefined) this.#send({ id, result: answerTo(method, params) });
      return;
    }
    const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
    if (typeof id !== "number" || waiting === undefined) return;
    this.#waiting.delete(id);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new LanguageServerError(error.message));
  }

  #end(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new LanguageServerError(`the language server ${reason}`);
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** What the server asks of an editor: its settings, of which we have none, and leave to watch. */
function answerTo(method: string, params: unknown): unknown {
  if (method !== "workspace/configuration") return null;
  const items = typeof params === "object" && params !== null ? Reflect.get(params, "items") : [];
  return Array.isArray(items) ? items.map(() => null) : [];
}
