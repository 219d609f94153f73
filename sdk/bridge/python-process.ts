/** One child process with lines in and bytes out; it knows no protocol. */
import { type ChildProcess, spawn } from "node:child_process";
import { Socket } from "node:net";
import { StringDecoder } from "node:string_decoder";
import type { ProcessEnd } from "../errors.ts";
import { TailBuffer } from "./tail-buffer.ts";
import { TurnWriter } from "./turn-writer.ts";

/** How to run the child, and whom to tell. */
export interface PythonProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Descriptors that the child inherits as 3, 4, … */
  readonly descriptors: readonly number[];
  readonly onOutput: (chunk: Buffer) => void;
  readonly onStderr: (text: string) => void;
  readonly onDrain: () => void;
  /** Called once, after everything that the child wrote has been read. */
  readonly onEnd: (end: ProcessEnd, startError: Error | undefined) => void;
}

/** Time for the child to end by itself after its stdin was closed. */
const END_OF_INPUT_MS = 3_000;
/** Time between SIGTERM and SIGKILL. */
const TERMINATE_MS = 2_000;
/** How long to wait for output after the child is gone: a grandchild may hold the pipe open. */
const DRAIN_MS = 500;

const living = new Set<PythonProcess>();

/** A child has no terminal of its own: one hook ends all of them when this process ends. */
function killAll(): void {
  for (const child of living) child.kill("SIGKILL");
}

export class PythonProcess {
  readonly #child: ChildProcess;
  readonly #input: TurnWriter | undefined;
  /** What it wrote to stderr and what it logged, in the order of arrival. */
  readonly #said = new TailBuffer();
  readonly #end: PromiseWithResolvers<void> = Promise.withResolvers();
  #isRunning = true;

  constructor(options: PythonProcessOptions) {
    const child = spawn(options.command, options.args, {
      stdio: ["pipe", "pipe", "pipe", ...options.descriptors],
      env: options.env,
      // Own process group: Ctrl-C in the terminal reaches Node, which decides what to do.
      detached: true,
      windowsHide: true,
    });
    this.#child = child;
    this.#input = child.stdin ? new TurnWriter(child.stdin) : undefined;
    if (living.size === 0) process.on("exit", killAll);
    living.add(this);
    child.stdout?.on("data", options.onOutput);
    const decoder = new StringDecoder("utf8"); // a character may be split between two chunks
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#said.push(chunk);
      options.onStderr(decoder.write(chunk));
    });
    child.stdin?.on("drain", options.onDrain);
    // EPIPE: the child is gone, and its `exit` event says how. Unheard, it would end Node.
    child.stdin?.on("error", () => this.#child.stdin?.destroy());
    child.once("error", (error) => this.#finish(options, null, null, error));
    child.once("exit", (code, signal) => this.#drain(() => this.#finish(options, code, signal)));
    this.unref();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False from the moment that the child is known to have ended. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** @returns false: the child reads slower than we write; `onDrain` tells when it has caught up */
  write(line: string): boolean {
    return this.#input?.write(`${line}\n`) ?? true;
  }

  /** As `write`, for whole lines in bytes, with their newlines. */
  writeBytes(lines: Uint8Array): boolean {
    return this.#input?.write(lines) ?? true;
  }

  /** Keeps something that the child said elsewhere, for the report of a crash. */
  note(text: string): void {
    this.#said.push(Buffer.from(text));
  }

  /** The child and its pipes keep Node alive. */
  ref(): void {
    this.#child.ref();
    for (const socket of this.#sockets()) socket.ref();
  }

  /** An idle child does not keep Node alive. */
  unref(): void {
    this.#child.unref();
    for (const socket of this.#sockets()) socket.unref();
  }

  /** Sends a signal to the child's whole process group; a group that is gone is no error. */
  kill(signal: NodeJS.Signals): void {
    if (!this.#isRunning || this.pid === undefined) return;
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }

  /** Closes stdin, then insists: 3 s, SIGTERM, 2 s, SIGKILL. Resolves when the child is gone. */
  async stop(): Promise<void> {
    this.ref();
    this.#child.stdin?.end();
    if (await this.#endsWithin(END_OF_INPUT_MS)) return;
    this.kill("SIGTERM");
    if (await this.#endsWithin(TERMINATE_MS)) return;
    this.kill("SIGKILL");
    await this.#end.promise;
  }

  /** Kills at once. Resolves when the child is gone. */
  async destroy(): Promise<void> {
    this.ref();
    this.kill("SIGKILL");
    await this.#end.promise;
  }

  async #endsWithin(milliseconds: number): Promise<boolean> {
    const timer = Promise.withResolvers<boolean>();
    const handle = setTimeout(() => timer.resolve(false), milliseconds);
    const hasEnded = await Promise.race([this.#end.promise.then(() => true), timer.promise]);
    clearTimeout(handle);
    return hasEnded;
  }

  #drain(then: () => void): void {
    this.#isRunning = false;
    const timer = setTimeout(then, DRAIN_MS);
    this.#child.once("close", () => {
      clearTimeout(timer);
      then();
    });
  }

  #finish(
    options: PythonProcessOptions,
    exitCode: number | null,
    signal: NodeJS.Signals | null,
    startError?: Error,
  ): void {
    if (!living.delete(this)) return;
    this.#isRunning = false;
    if (living.size === 0) process.off("exit", killAll);
    for (const socket of this.#sockets()) socket.destroy();
    this.#end.resolve();
    options.onEnd({ exitCode, signal, stderrTail: this.#said.toString() }, startError);
  }

  #sockets(): Socket[] {
    const { stdin, stdout, stderr } = this.#child;
    return [stdin, stdout, stderr].filter((stream) => stream instanceof Socket);
  }
}
