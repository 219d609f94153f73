import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SCRIPT = join(import.meta.dirname, "store-process.ts");

/** A `store-process.ts` that is ready, and what it has said since. */
export class StoreProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#closed = once(child, "close");
  }

  /** @param uid the user it runs as; only root may say */
  static async start(
    mode: string,
    folder: string,
    prefix: string,
    count = 0,
    uid?: number,
  ): Promise<StoreProcess> {
    const child = spawn(
      process.execPath,
      ["--no-warnings", SCRIPT, mode, folder, prefix, String(count)],
      { stdio: ["pipe", "pipe", "inherit"], ...(uid === undefined ? {} : { uid, gid: uid }) },
    );
    const process_ = new StoreProcess(child);
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (line === "ready") resolve();
        else process_.lines.push(line);
      });
      child.once("close", (code) => reject(new Error(`ended with ${code} before it was ready`)));
    });
    return process_;
  }

  /** Ids that were acknowledged. */
  get acknowledged(): string[] {
    return this.lines.flatMap((line) => (line.startsWith("ok ") ? [line.slice(3)] : []));
  }

  go(): void {
    this.#child.stdin?.write("go\n");
  }

  /** Ends it without warning; what it had said until then has arrived. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#closed;
  }

  async finish(): Promise<void> {
    this.go();
    await this.#closed;
  }
}
