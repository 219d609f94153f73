/** The seed's bridge as its plan writes it, to be measured against; not part of the SDK. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** What the seed's `extract_features` answers. */
export interface SeedFeatures {
  readonly features: readonly number[];
  /** Seconds. */
  readonly processing_time: number;
}

interface SeedResponse {
  readonly id: number;
  readonly result: SeedFeatures;
}

export class SeedBridge implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #queue = new Map<number, PromiseWithResolvers<SeedFeatures>>();
  #buffer = "";
  #nextId = 1;

  constructor(python: string, env: NodeJS.ProcessEnv) {
    const script = join(import.meta.dirname, "seed_operations.py");
    this.#process = spawn(python, [script], { env, stdio: ["pipe", "pipe", "inherit"] });
    this.#process.stdout?.on("data", (data: Buffer) => this.#receive(data));
    this.#process.on("exit", (code) => {
      const error = new Error(`The seed's process ended with code ${code}`);
      for (const pending of this.#queue.values()) pending.reject(error);
    });
  }

  extractFeatures(audio: readonly number[]): Promise<SeedFeatures> {
    const id = this.#nextId++;
    const pending = Promise.withResolvers<SeedFeatures>();
    this.#queue.set(id, pending);
    const request = { id, operation: "extract_features", data: { audio } };
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
    return pending.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.stdin?.end();
    await ended;
  }

  /** Unlike the seed it keeps the rest of a line that comes in two pieces. */
  #receive(data: Buffer): void {
    const lines = (this.#buffer + data.toString()).split("\n");
    this.#buffer = lines.pop() ?? "";
    for (const line of lines) {
      const { id, result } = JSON.parse(line) as SeedResponse; // our own script, beside this file
      this.#queue.get(id)?.resolve(result);
      this.#queue.delete(id);
    }
  }
}
