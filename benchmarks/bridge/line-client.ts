/** Lines to a child and back, with nothing around them: what a bridge costs at least. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findPython } from "grym-synth";

export const PEERS: string = join(import.meta.dirname, "..", "peers");

export class LineClient implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #pieces: string[] = [];
  #nextId = 1;

  /** @param script of `benchmarks/peers` */
  constructor(script: string, ...args: readonly string[]) {
    this.#child = spawn(findPython(), ["-u", join(PEERS, script), ...args], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#receive(text));
    this.#child.on("exit", (code) => {
      const error = new Error(`${script} ended with code ${code}`);
      for (const { reject } of this.#waiting.values()) reject(error);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask(operation: string, data: object): Promise<unknown> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#child.stdin?.write(`${JSON.stringify({ id, operation, data })}\n`);
    return answer.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.stdin?.end();
    await ended;
  }

  /** The pieces of a long line are joined once. */
  #receive(text: string): void {
    const lines = text.split("\n");
    while (lines.length > 1) {
      this.#pieces.push(lines.shift() ?? "");
      const { id, result } = JSON.parse(this.#pieces.join("")) as { id: number; result: unknown };
      this.#pieces = [];
      this.#waiting.get(id)?.resolve(result);
      this.#waiting.delete(id);
    }
    if (lines[0]) this.#pieces.push(lines[0]);
  }
}
